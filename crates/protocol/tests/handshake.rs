//! The opening handshake as a server and a client see it: a head in, a request or refusal out.

use proptest::collection::vec;
use proptest::prelude::*;
use stagedoor_protocol::{
    Compression, HeadLimits, HeadReader, Method, Refusal, Request, Upgrade, accept_key, upgrade,
};

/// What RFC 6455 section 1.2 shows, each header in a line of its own.
const EXAMPLE: &str = "GET /chat HTTP/1.1
Host: server.example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Origin: http://example.com
Sec-WebSocket-Protocol: chat, superchat
Sec-WebSocket-Version: 13
";

fn head(lines: &str) -> Vec<u8> {
    format!("{}\r\n", lines.replace('\n', "\r\n")).into_bytes()
}

fn read(head: &[u8]) -> Result<Request, Refusal> {
    HeadReader::default().receive(head).map(|request| request.expect("a complete head"))
}

fn request(lines: &str) -> Result<Request, Refusal> {
    read(&head(lines))
}

/// A plain request with these header lines.
fn get(headers: &str) -> Result<Request, Refusal> {
    request(&format!("GET / HTTP/1.1\nHost: localhost\n{headers}"))
}

/// The example, changed.
fn changed(from: &str, to: &str) -> Result<Upgrade, Refusal> {
    assert!(EXAMPLE.contains(from));
    upgrade(&request(&EXAMPLE.replace(from, to))?)
}

fn status<T: std::fmt::Debug>(result: Result<T, Refusal>) -> u16 {
    result.expect_err("a refusal").status
}

fn header<'a>(refusal: &'a Refusal, name: &str) -> Option<&'a str> {
    refusal.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_example_of_rfc_6455_section_1_2() {
    let request = request(EXAMPLE).unwrap();
    assert_eq!(request.method(), Method::Get);
    assert_eq!(request.path(), "/chat");
    assert_eq!(request.host(), "server.example.com");
    assert_eq!(request.origin(), Some("http://example.com"));
    assert_eq!(request.header("sec-websocket-version"), Some("13"));
    assert_eq!(request.header("Cookie"), None);
    assert!(request.wants_upgrade());
    let names: Vec<_> = request.headers().map(|(name, _)| name).collect();
    assert_eq!(names[..3], ["Host", "Upgrade", "Connection"]);

    let upgrade = upgrade(&request).unwrap();
    assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), ["chat", "superchat"]);
    let lines = "HTTP/1.1 101 Switching Protocols
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
";
    assert_eq!(upgrade.response(None, None), head(lines));
    let lines = format!("{lines}Sec-WebSocket-Protocol: chat\n");
    assert_eq!(upgrade.response(Some("chat"), None), head(&lines));
    assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
#[should_panic(expected = "not offered")]
fn a_subprotocol_that_was_not_offered_cannot_be_chosen() {
    changed("", "").unwrap().response(Some("chat\r\nSet-Cookie: a"), None);
}

#[test]
fn what_may_be_secret_is_not_in_the_debug_output() {
    let secret = request(&EXAMPLE.replace("/chat", "/chat?secret").replace("superchat", "secret"));
    let secret = secret.unwrap();
    let shown = format!("{secret:?} {:?}", upgrade(&secret).unwrap());
    assert!(shown.contains("/chat") && !shown.contains("secret"), "{shown}");
}

#[test]
fn frames_sent_before_our_response_are_kept_in_order() {
    let mut reader = HeadReader::default();
    let bytes = [&head(EXAMPLE)[..], b"\x81\x80"].concat();
    assert!(reader.receive(&bytes).unwrap().is_some());
    assert!(reader.receive(b"mask").unwrap().is_none());
    assert_eq!(reader.into_rest(), b"\x81\x80mask");
}

#[test]
fn a_tls_handshake_is_not_answered() {
    let refusal = HeadReader::default().receive(b"\x16\x03\x01\x02\x00\x01").unwrap_err();
    assert_eq!(refusal.encode(), b"");
}

#[test]
fn the_method_is_get_or_head() {
    let head = request("HEAD / HTTP/1.1\nHost: a\n").unwrap();
    assert_eq!(head.method(), Method::Head);
    for method in ["POST", "PUT", "OPTIONS", "CONNECT", "TRACE", "BREW", "get"] {
        let refusal = request(&format!("{method} / HTTP/1.1\nHost: a\n")).unwrap_err();
        assert_eq!((refusal.status, header(&refusal, "Allow")), (405, Some("GET, HEAD")));
    }
    assert_eq!(status(changed("GET", "HEAD")), 405);
}

#[test]
fn the_version_is_1_1() {
    for version in ["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0"] {
        assert_eq!(status(request(&format!("GET / {version}\nHost: a\n"))), 505, "{version}");
    }
    assert_eq!(status(read(b"PRI * HTTP/2.0\r\n\r\n")), 505);
}

#[test]
fn request_lines_that_are_none() {
    for line in ["GET /", "GET", "", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "\0"]
    {
        let status = status(request(&format!("{line}\nHost: a\n")));
        assert!(matches!(status, 400 | 505), "{line}");
    }
}

#[test]
fn there_is_exactly_one_well_formed_host() {
    assert_eq!(status(request("GET / HTTP/1.1\n")), 400);
    assert_eq!(status(get("Host: localhost\n")), 400);
    for host in ["", "[::1", "a:x", "a:65536", "127.0.0.1@evil", "a b", "a/b", "caf\u{e9}", "a\0b"]
    {
        assert_eq!(status(request(&format!("GET / HTTP/1.1\nHost: {host}\n"))), 400, "{host}");
    }
    assert_eq!(status(read(b"GET / HTTP/1.1\r\nHost: caf\xe9\r\n\r\n")), 400);
    for host in ["localhost6", "127.0.0.1.evil.com", "[::1]:8787", "LOCALHOST:1"] {
        let request = request(&format!("GET / HTTP/1.1\nhost: \t{host}  \n")).unwrap();
        assert_eq!(request.host(), host);
    }
}

#[test]
fn there_is_at_most_one_well_formed_origin() {
    assert_eq!(get("").unwrap().origin(), None);
    assert_eq!(get("Origin: null\n").unwrap().origin(), Some("null"));
    assert_eq!(status(get("Origin: http://a\nOrigin: http://a\n")), 400);
    for origin in ["", "[::1", "http://[::1", "http://a:x", "http://a\0", "http://caf\u{e9}"] {
        assert_eq!(status(get(&format!("Origin: {origin}\n"))), 400, "{origin}");
    }
    assert_eq!(status(read(b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://\xff\r\n\r\n")), 400);
}

#[test]
fn the_target_is_a_path_or_agrees_with_the_host() {
    for (target, path) in [
        ("/", "/"),
        ("/x?y=1", "/x?y=1"),
        ("//x/..", "//x/.."),
        ("http://localhost", "/"),
        ("HTTP://LOCALHOST/x", "/x"),
        ("ws://localhost/x?y=z", "/x?y=z"),
        ("http://localhost?y=http://evil/", "/?y=http://evil/"),
    ] {
        let request = request(&format!("GET {target} HTTP/1.1\nHost: localhost\n")).unwrap();
        assert_eq!(request.path(), path);
    }
    for target in [
        "http://evil/",
        "http://localhost:80/",
        "http://localhost@evil/",
        "http:///",
        "ftp://localhost/",
        "localhost",
        "*",
        "/#x",
        "/caf\u{e9}",
        "/\u{7f}",
    ] {
        let result = request(&format!("GET {target} HTTP/1.1\nHost: localhost\n"));
        assert_eq!(status(result), 400, "{target}");
    }
}

#[test]
fn a_request_has_no_body() {
    for headers in [
        "Content-Length: 1\n",
        "Content-Length: 00\n",
        "Content-Length: -1\n",
        "Content-Length: 0\nContent-Length: 5\n",
        "Transfer-Encoding: chunked\n",
        "Transfer-Encoding: identity\n",
        "Content-Length: 0\nTransfer-Encoding: chunked\n",
    ] {
        assert_eq!(status(get(headers)), 400, "{headers}");
    }
    assert!(get("Content-Length: 0\n").is_ok());
}

#[test]
fn headers_that_are_malformed() {
    for headers in ["A: b\n c\n", " A: b\n", "A : b\n", ": b\n", "A\n", "A: b\0\n", "A\u{e9}: b\n"]
    {
        assert_eq!(status(get(headers)), 400, "{headers:?}");
    }
    for head in [
        &b"GET / HTTP/1.1\nHost: a\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_eq!(status(read(head)), 400, "{head:?}");
    }
}

#[test]
fn other_headers_are_read_as_latin_1() {
    let head =
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Name: caf\xe9\r\nx-name: second\r\nX-Empty:\r\n\r\n";
    let request = read(head).unwrap();
    assert_eq!(request.header("x-name"), Some("caf\u{e9}"));
    assert_eq!(request.header("X-Empty"), Some(""));
    let last: Vec<_> = request.headers().skip(2).collect();
    assert_eq!(last, [("x-name", "second"), ("X-Empty", "")]);
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: caf\xe9\r\n\r\n";
    assert_eq!(status(read(head)), 400);
}

#[test]
fn a_request_line_has_at_most_8_kib() {
    let line = |length: usize| {
        let path = "x".repeat(length - "GET / HTTP/1.1".len());
        request(&format!("GET /{path} HTTP/1.1\nHost: a\n"))
    };
    assert!(line(8192).is_ok());
    assert_eq!(status(line(8193)), 414);
    assert_eq!(status(HeadReader::default().receive(&[b'x'; 8193])), 414);
}

#[test]
fn a_request_has_at_most_64_headers() {
    assert!(get(&"A: b\n".repeat(63)).is_ok());
    assert_eq!(status(get(&"A: b\n".repeat(64))), 431);
    let unfinished = |headers: usize| format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(headers));
    assert!(HeadReader::default().receive(unfinished(64).as_bytes()).is_ok());
    assert_eq!(status(HeadReader::default().receive(unfinished(65).as_bytes())), 431);
}

#[test]
fn a_head_has_at_most_16_kib() {
    let sized = |size: usize| {
        let fixed = head("GET / HTTP/1.1\nHost: localhost\nA: \n").len();
        get(&format!("A: {}\n", "b".repeat(size - fixed)))
    };
    assert!(sized(16384).is_ok());
    assert_eq!(status(sized(16385)), 431);
    let mut reader = HeadReader::default();
    let unfinished = head(&format!("GET / HTTP/1.1\nA: {}", "b".repeat(20_000)));
    let refused = unfinished.chunks(100).find_map(|piece| reader.receive(piece).err());
    assert_eq!(refused.map(|refusal| refusal.status), Some(431));
}

#[test]
fn an_upgrade_names_websocket_and_the_connection_names_upgrade() {
    for (from, to) in [
        ("Upgrade: websocket", "Upgrade: WebSocket"),
        ("Upgrade: websocket", "UPGRADE: h2c, websocket"),
        ("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        ("Connection: Upgrade", "Connection: keep-alive\nConnection: UPGRADE"),
    ] {
        assert!(changed(from, to).is_ok(), "{to}");
    }
    for (from, to) in [
        ("Upgrade: websocket", "Upgrade: websockets"),
        ("Upgrade: websocket\n", ""),
        ("Connection: Upgrade", "Connection: keep-alive"),
        ("Connection: Upgrade", "Connection: not-upgrade, upgrade-not"),
        ("Connection: Upgrade\n", ""),
    ] {
        assert_eq!(status(changed(from, to)), 400, "{to}");
    }
    assert!(!get("Connection: Upgrade\n").unwrap().wants_upgrade());
}

#[test]
fn the_websocket_version_is_13() {
    for to in ["", "Sec-WebSocket-Version: 8\n", "Sec-WebSocket-Version: 13, 8\n"] {
        let refusal = changed("Sec-WebSocket-Version: 13\n", to).unwrap_err();
        let version = header(&refusal, "Sec-WebSocket-Version");
        assert_eq!((refusal.status, version), (426, Some("13")), "{to}");
    }
}

#[test]
fn there_is_one_key_of_16_bytes() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";
    for to in [
        String::new(),
        key.repeat(2),
        "Sec-WebSocket-Key: \n".into(),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\n".into(),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\n".into(),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=\n".into(),
        "Sec-WebSocket-Key: ******************ZQ==\n".into(),
    ] {
        assert_eq!(status(changed(key, &to)), 400, "{to}");
    }
    // The key of RFC 6455 section 4.1, whose unused bits are not zero.
    assert!(changed(key, "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\n").is_ok());
}

#[test]
fn subprotocols_are_distinct_tokens() {
    let offered = "Sec-WebSocket-Protocol: chat, superchat\n";
    assert_eq!(changed(offered, "").unwrap().subprotocols().count(), 0);
    let two = "Sec-WebSocket-Protocol: a\nSec-WebSocket-Protocol:b.c ,\tA\n";
    let upgrade = changed(offered, two).unwrap();
    assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), ["a", "b.c", "A"]);
    for list in ["", ",", "a,,b", "a,", "a b", "a;b", "a/b", "a, b, a", "\"a\""] {
        let to = format!("Sec-WebSocket-Protocol: {list}\n");
        assert_eq!(status(changed(offered, &to)), 400, "{list}");
    }
}

/// Heads that are often almost right.
fn almost_a_head() -> impl Strategy<Value = Vec<u8>> {
    (vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), any::<bool>()).prop_map(
        |(changes, cut)| {
            let mut bytes = head(EXAMPLE);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                if cut {
                    bytes.remove(at);
                } else {
                    bytes[at] = byte;
                }
            }
            bytes
        },
    )
}

fn outcome(mut reader: HeadReader, pieces: &[&[u8]]) -> (Option<String>, Option<Refusal>, Vec<u8>) {
    let mut shown = None;
    for piece in pieces {
        match reader.receive(piece) {
            Ok(None) => {}
            Ok(Some(request)) => {
                let accepted = upgrade(&request).map(|upgrade| upgrade.response(None, None));
                let headers: Vec<_> = request.headers().collect();
                shown = Some(format!("{} {headers:?} {accepted:?}", request.path()));
            }
            Err(refusal) => return (None, Some(refusal), Vec::new()),
        }
    }
    (shown, None, reader.into_rest())
}

proptest! {
    #[test]
    fn every_split_of_any_head_has_the_same_outcome(
        mut bytes in prop_oneof![almost_a_head(), vec(any::<u8>(), 1..200)],
        rest in vec(any::<u8>(), 0..20),
        size in 1_usize..100,
    ) {
        bytes.extend(rest);
        let whole = outcome(HeadReader::default(), &[&bytes]);
        for size in [1, size] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(&outcome(HeadReader::default(), &pieces), &whole);
        }
        if let (_, Some(refusal), _) = whole {
            let known = [0, 400, 405, 414, 426, 431, 505];
            prop_assert!(known.contains(&refusal.status), "{}", refusal);
        }
    }
}

// permessage-deflate ------------------------------------------------------------------------------

/// What a server that compresses answers to these Sec-WebSocket-Extensions headers.
fn extensions(headers: &[&str]) -> Option<String> {
    let lines = headers.iter().map(|value| format!("Sec-WebSocket-Extensions: {value}\n"));
    let request = request(&format!("{EXAMPLE}{}", lines.collect::<String>())).unwrap();
    let deflate = Compression::new(1, 1).accept(&request);
    let response = upgrade(&request).unwrap().response(None, deflate.as_ref());
    let response = String::from_utf8(response).unwrap();
    let answer = response.split_once("Sec-WebSocket-Extensions: ")?.1;
    Some(answer.split_once("\r\n").unwrap().0.to_owned())
}

#[test]
fn the_offers_of_rfc_7692_section_7_1_are_accepted() {
    let table = [
        ("permessage-deflate", ""),
        ("permessage-deflate; client_max_window_bits", ""),
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            "; server_max_window_bits=10",
        ),
        ("permessage-deflate; client_max_window_bits=8", ""),
        ("permessage-deflate; client_max_window_bits=\"15\"", ""),
        ("permessage-deflate; server_max_window_bits=9", "; server_max_window_bits=9"),
        ("permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=15"),
        ("permessage-deflate;server_max_window_bits = \"12\" ", "; server_max_window_bits=12"),
        ("permessage-deflate; server_no_context_takeover", "; server_no_context_takeover"),
        ("permessage-deflate ;client_no_context_takeover", "; client_no_context_takeover"),
        (
            "permessage-deflate; server_max_window_bits=11; client_no_context_takeover; \
             client_max_window_bits=10; server_no_context_takeover",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11",
        ),
    ];
    for (offer, answer) in table {
        let answer = format!("permessage-deflate{answer}");
        assert_eq!(extensions(&[offer]), Some(answer), "{offer}");
    }
    assert_eq!(extensions(&[]), None);
}

#[test]
fn an_offer_that_is_not_understood_is_declined() {
    for parameters in [
        "server_max_window_bits=8",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=010",
        "server_max_window_bits=+10",
        "server_max_window_bits=-1",
        "server_max_window_bits=1000000000000000000000",
        "server_max_window_bits=ten",
        "server_max_window_bits=",
        "server_max_window_bits=\"10",
        "server_max_window_bits=\"10\"x",
        "server_max_window_bits",
        "server_max_window_bits=10; server_max_window_bits=10",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=08",
        "client_max_window_bits=",
        "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover=true",
        "client_no_context_takeover=\"\"",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "Server_No_Context_Takeover",
        "unknown",
        "unknown=1",
        "",
        ";",
        "=",
    ] {
        assert_eq!(
            extensions(&[&format!("permessage-deflate; {parameters}")]),
            None,
            "{parameters}"
        );
    }
    for other in ["", ",", "permessage-deflat", "x-webkit-deflate-frame", "\"permessage-deflate\""]
    {
        assert_eq!(extensions(&[other]), None, "{other}");
    }
}

#[test]
fn the_first_offer_that_can_be_accepted_is() {
    let accepted = |header: &[&str]| extensions(header).unwrap();
    assert_eq!(
        accepted(&[
            "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9, permessage-deflate"
        ]),
        "permessage-deflate; server_max_window_bits=9"
    );
    assert_eq!(
        accepted(&[
            "other; a=\"x,permessage-deflate,\\\"y\", foo",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate"
        ]),
        "permessage-deflate; server_no_context_takeover"
    );
    assert_eq!(extensions(&["other; a=\"x, permessage-deflate, y\""]), None, "within quotes");
}

#[test]
fn an_offer_of_commas_is_declined() {
    let commas = ",".repeat(15 * 1024);
    assert_eq!(extensions(&[&commas]), None);
    assert_eq!(
        extensions(&[&format!("{commas}permessage-deflate")]).unwrap(),
        "permessage-deflate"
    );
    let semicolons = ";".repeat(15 * 1024);
    assert_eq!(extensions(&[&format!("permessage-deflate{semicolons}")]), None);
}

proptest! {
    #[test]
    fn any_extensions_are_declined_or_answered(
        parts in vec(prop_oneof![
            Just("permessage-deflate"), Just(","), Just(";"), Just("="), Just("\""), Just(" "),
            Just("server_max_window_bits"), Just("client_no_context_takeover"), Just("10"), Just("\\"),
        ], 0..20),
    ) {
        if let Some(answer) = extensions(&[&parts.concat()]) {
            prop_assert!(answer.starts_with("permessage-deflate"));
            prop_assert!(parts.contains(&"permessage-deflate"));
        }
    }
}

#[test]
fn the_limits_of_a_head_can_be_others() {
    let limits = HeadLimits { line: 20, headers: 100, size: 2_000 };
    let read = |text: &str| {
        let request = HeadReader::new(limits).receive(&head(text))?;
        Ok::<_, Refusal>(request.expect("a complete head"))
    };
    let path = "x".repeat(20 - "GET / HTTP/1.1".len());
    assert!(read(&format!("GET /{path} HTTP/1.1\nHost: a\n")).is_ok());
    let refusal = read(&format!("GET /{path}x HTTP/1.1\nHost: a\n")).unwrap_err();
    assert_eq!(
        (refusal.status, &*refusal.reason),
        (414, "the request line has more than 20 bytes")
    );
    let with_headers =
        |count: usize| format!("GET / HTTP/1.1\nHost: a\n{}", "A: b\n".repeat(count));
    assert_eq!(read(&with_headers(99)).unwrap().headers().count(), 100);
    let refusal = read(&with_headers(100)).unwrap_err();
    assert_eq!((refusal.status, &*refusal.reason), (431, "the request has more than 100 headers"));
    let sized = |size: usize| {
        let fixed = head("GET / HTTP/1.1\nHost: a\nA: \n").len();
        format!("GET / HTTP/1.1\nHost: a\nA: {}\n", "b".repeat(size - fixed))
    };
    assert!(read(&sized(2_000)).is_ok());
    let refusal = read(&sized(2_001)).unwrap_err();
    assert_eq!(
        (refusal.status, &*refusal.reason),
        (431, "the request head has more than 2000 bytes")
    );
}
