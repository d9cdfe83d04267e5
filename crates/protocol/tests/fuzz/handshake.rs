//! The opening handshake: any bytes in any pieces.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use stagedoor_protocol::{Compression, HeadLimits, HeadReader, Method, Refusal, Request, upgrade};

use crate::memory::measured;
use crate::mutation::mutated;
use crate::target::{Target, piece_sizes};

const LIMITS: HeadLimits = HeadLimits::DEFAULT;
/// The statuses that a request may be refused with; 0 is for a peer that speaks TLS.
const REFUSALS: [u16; 7] = [0, 400, 405, 414, 426, 431, 505];
/// The most memory that reading a head may take: the head, and its text in UTF-8, which may be
/// twice as long, each twice while it grows; and the places of its headers.
const MAX_HELD: usize = 8 * LIMITS.size + 64 * LIMITS.headers;
/// The most that all allocations together may be, for each byte received.
const MAX_TOTAL_PER_BYTE: usize = 16;

/// What came of an input.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Incomplete,
    Refused(Refusal),
    /// The request, and the bytes behind it.
    Accepted(Head, Vec<u8>),
}

/// All that a request says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    method: Method,
    path: String,
    host: String,
    origin: Option<String>,
    headers: Vec<(String, String)>,
}

impl Head {
    fn of(request: &Request) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            method: request.method(),
            path: request.path().to_owned(),
            host: request.host().to_owned(),
            origin: request.origin().map(str::to_owned),
            headers: request.headers().map(owned).collect(),
        }
    }

    /// The head as somebody else would send it.
    fn encode(&self) -> Vec<u8> {
        let method = if self.method == Method::Get { "GET" } else { "HEAD" };
        let mut head = format!("{method} {} HTTP/1.1\r\n", self.path);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.chars().map(|character| u8::try_from(character).expect("Latin-1")).collect()
    }
}

fn receive(input: &[u8], sizes: &[usize]) -> (Outcome, Option<Request>) {
    let mut reader = HeadReader::default();
    let mut request = None;
    let mut rest = input;
    for size in sizes.iter().cycle() {
        let (piece, later) = rest.split_at(rest.len().min(*size));
        match reader.receive(piece) {
            Ok(Some(found)) => assert!(request.replace(found).is_none(), "two requests"),
            Ok(None) => {}
            Err(refusal) => return (Outcome::Refused(refusal), None),
        }
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    match request {
        Some(request) => (Outcome::Accepted(Head::of(&request), reader.into_rest()), Some(request)),
        None => (Outcome::Incomplete, None),
    }
}

fn check(input: &[u8]) {
    let (outcome, request) = receive(input, &[usize::MAX]);
    for sizes in [&piece_sizes(input)[..], &[1]] {
        assert_eq!(receive(input, sizes).0, outcome, "in pieces of {sizes:?}");
    }
    match &outcome {
        Outcome::Incomplete => assert!(input.len() < LIMITS.size),
        Outcome::Refused(refusal) => {
            assert_eq!(refusal.has_body, !input.starts_with(b"HEAD "));
            check_refusal(refusal);
        }
        Outcome::Accepted(head, rest) => {
            assert!(input.ends_with(rest) && input.len() - rest.len() <= LIMITS.size);
            let (again, _) = receive(&head.encode(), &[usize::MAX]);
            // The space around values, and the host of an absolute target, are gone: it is shorter.
            let same = Outcome::Accepted(Head::of(request.as_ref().unwrap()), Vec::new());
            assert_eq!(again, same);
        }
    }
    if let Some(request) = request {
        check_upgrade(&request);
    }
    check_memory(input);
}

fn check_refusal(refusal: &Refusal) {
    assert!(REFUSALS.contains(&refusal.status), "{refusal}");
    let response = refusal.encode();
    if refusal.status == 0 {
        assert!(response.is_empty());
        return;
    }
    let (parsed, body) = parse_response(&response);
    assert_eq!(parsed.0, refusal.status);
    let length = refusal.reason.len() + 1;
    assert_eq!(header(&parsed.1, "Content-Length"), [length.to_string()]);
    assert_eq!(body.len(), if refusal.has_body { length } else { 0 });
}

/// Status and headers of a response, and its body.
type Parsed = (u16, Vec<(String, String)>);

fn parse_response(bytes: &[u8]) -> (Parsed, &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let end = response.parse(bytes).unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers = response.headers.iter();
    let headers = headers.map(|header| (header.name.to_owned(), text(header.value))).collect();
    ((response.code.unwrap(), headers), &bytes[end..])
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let found = headers.iter().filter(|(other, _)| other == name);
    found.map(|(_, value)| value.as_str()).collect()
}

fn check_upgrade(request: &Request) {
    let found = match upgrade(request) {
        Ok(found) => found,
        Err(refusal) => return check_refusal(&refusal),
    };
    let deflate = Compression::new(1, 1).accept(request);
    let chosen = found.subprotocols().last();
    let response = found.response(chosen, deflate.as_ref());
    let ((status, headers), body) = parse_response(&response);
    assert_eq!((status, body), (101, &b""[..]));
    assert_eq!(header(&headers, "Sec-WebSocket-Protocol"), Vec::from_iter(chosen));
    let extensions = header(&headers, "Sec-WebSocket-Extensions");
    assert_eq!(extensions.len(), usize::from(deflate.is_some()));
    // The answer, taken as an offer, leads to the same answer again.
    for agreed in extensions {
        let head =
            format!("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: {agreed}\r\n\r\n");
        let again = receive(head.as_bytes(), &[usize::MAX]).1.expect("a request");
        let deflate = Compression::new(1, 1).accept(&again);
        let ((_, headers), _) = parse_response(&found.response(None, deflate.as_ref()));
        assert_eq!(header(&headers, "Sec-WebSocket-Extensions"), [agreed]);
    }
}

fn check_memory(input: &[u8]) {
    for piece in [input.len().max(1), 1] {
        // All that came behind the head is kept.
        let mut is_complete = false;
        let memory = measured(|| {
            let mut reader = HeadReader::default();
            for part in input.chunks(piece) {
                match reader.receive(part) {
                    Ok(None) => {}
                    Ok(Some(request)) => {
                        is_complete = true;
                        drop(request);
                    }
                    Err(refusal) => return drop(refusal),
                }
            }
        });
        if !is_complete && piece == 1 {
            assert!(memory.peak <= MAX_HELD, "{memory:?}");
        }
        let most = MAX_HELD + MAX_TOTAL_PER_BYTE * input.len();
        assert!(memory.total <= most, "{memory:?} for {} bytes", input.len());
    }
}

/// Values as they are, almost are, and should not be, by the name of their header.
const VALUES: [(&str, &[&str]); 12] = [
    ("Host", &["localhost", "127.0.0.1:8080", "[::1]:1", "[::1", "a:99999", "a@b", "", "a b"]),
    ("Upgrade", &["websocket", "WebSocket", "h2c, websocket", "websocket/13", ""]),
    ("Connection", &["Upgrade", "keep-alive, upgrade", "close", ",,upgrade,"]),
    ("Sec-WebSocket-Version", &["13", "8", "13, 8", "013", ""]),
    ("Sec-WebSocket-Key", &["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR==", "AAAA", "?"]),
    (
        "Sec-WebSocket-Extensions",
        &[
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=\"10\"; client_no_context_takeover",
            "x, permessage-deflate; server_max_window_bits=8, permessage-deflate",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "x; y=\"a,b;c\\\"\", permessage-deflate;client_max_window_bits=15",
            "permessage-deflate; client_max_window_bits=016",
            ",,,,;;;;====\"\"\"",
        ],
    ),
    ("Sec-WebSocket-Protocol", &["stagedoor.json", "a, b", "a, a", "a,,b", "a b", "\"a\""]),
    (
        "Origin",
        &["null", "http://localhost:8080", "http://evil.example", "http://", "file://", "x"],
    ),
    ("Content-Length", &["0", "1", "-1", "00"]),
    ("Transfer-Encoding", &["chunked", "identity"]),
    ("Cookie", &["a=b; c=\"d\"", "\u{e9}", "\t"]),
    ("X", &["", " ", "y"]),
];

fn line() -> impl Strategy<Value = String> {
    let header = select(&VALUES[..]).prop_flat_map(|(name, values)| {
        (Just(name), select(values), select(&[": ", ":", ":  \t", " : "][..]))
    });
    let any_name = ("[!#-'*+.^_`|~0-9A-Za-z-]{0,12}", "[ -~\t\u{80}-\u{ff}]{0,30}");
    prop_oneof![
        12 => header.prop_map(|(name, value, colon)| [name, colon, value].concat()),
        1 => any_name.prop_map(|(name, value)| format!("{name}:{value}")),
        1 => (0_usize..9000).prop_map(|length| format!("X: {}", ",".repeat(length))),
    ]
}

fn request_line() -> impl Strategy<Value = String> {
    let method =
        prop_oneof![9 => Just("GET"), 1 => select(&["HEAD", "POST", "get", "", "G\tT"][..])];
    let target = prop_oneof![
        6 => Just("/".to_owned()),
        1 => "/[!-~]{0,20}",
        1 => "(http|ws|WSS|ftp)://[a-z0-9.:@\\[\\]]{0,12}[/?]?[a-z]{0,3}",
        1 => "[ -~\u{80}-\u{ff}]{0,12}",
        1 => (LIMITS.line - 30..LIMITS.line).prop_map(|n| "/".repeat(n)),
    ];
    let version = prop_oneof![9 => Just("HTTP/1.1"), 1 => select(&["HTTP/1.0", "HTTP/2", ""][..])];
    (method, target, version)
        .prop_map(|(method, target, version)| format!("{method} {target} {version}"))
}

/// A head that could be accepted, but for what is added, taken away, or separated otherwise.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let usual: Vec<String> =
        VALUES[..5].iter().map(|(name, values)| format!("{name}: {}", values[0])).collect();
    let end = prop_oneof![12 => Just("\r\n"), 1 => select(&["\n", "\r", "\r\n ", "\r\r\n"][..])];
    let usual = prop_oneof![4 => Just(usual.clone()), 1 => prop::sample::subsequence(usual, 0..5)];
    let lines = prop_oneof![9 => vec(line(), 0..4), 1 => vec(line(), 55..70)];
    (request_line(), usual, lines, end, vec(any::<u8>(), 0..20)).prop_map(
        |(request_line, usual, lines, end, rest)| {
            let mut text = request_line + "\r\n";
            for line in usual.into_iter().chain(lines) {
                text += &line;
                text += end;
            }
            text += "\r\n";
            let bytes = text.chars().map(|character| u8::try_from(character).unwrap_or(b'?'));
            bytes.chain(rest).collect()
        },
    )
}

#[test]
fn heads_of_any_kind_in_any_pieces() {
    let target = Target::new("handshake");
    let inputs =
        prop_oneof![5 => head(), 3 => mutated(&target.corpus), 1 => vec(any::<u8>(), 0..60)];
    target.run(&inputs, check);
}
