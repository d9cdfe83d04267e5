//! Tokens at the opening handshake, and what clients get that show none.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use stagedoor_server::{Event, Server, Settings, Tokens, WRONG_TOKEN_DELAY};
use support::{Client, Events, PATIENCE, listen};

const VIEWER: &str = "viewer-8gUhJ";
const ADMIN: &str = "admin-Zq3_w-";

fn tokens() -> Tokens {
    Tokens::new([(VIEWER, 0), (ADMIN, 2)]).expect("well-formed")
}

fn guarded() -> Settings {
    let subprotocols = vec!["stagedoor.json".to_owned(), "stagedoor.token.x".to_owned()];
    Settings { tokens: Some(tokens()), subprotocols, ..Settings::default() }
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn offer(subprotocols: &str) -> String {
    format!("Sec-WebSocket-Protocol: {subprotocols}\r\n")
}

fn with(server: &Server, headers: &str) -> Client {
    Client::with(server.address(), headers)
}

/// Sends an opening request, and waits for nothing.
fn ask(server: &Server, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\n{}{headers}\r\n",
        server.address(),
        support::UPGRADE
    );
    stream.write_all(head.as_bytes()).expect("written");
    stream
}

#[test]
fn a_token_in_the_header_or_a_subprotocol_gives_its_role_and_is_not_seen_again() {
    let server = listen(guarded());
    let mut events = Events::of(&server);
    let subprotocol = |token| offer(&format!("other, stagedoor.token.{token}, stagedoor.json"));
    let headers_and_roles = [
        (bearer(VIEWER), Some(0)),
        (format!("aUTHORIZATION: bEARER   {ADMIN} \r\n"), Some(2)),
        (subprotocol(ADMIN), Some(2)),
        (offer(&format!("stagedoor.token.{VIEWER}")), Some(0)),
        // The header decides.
        (format!("{}{}", bearer(VIEWER), subprotocol("wrong")), Some(0)),
        (String::new(), None),
        (offer("stagedoor.json, other"), None),
    ];
    for (headers, role) in headers_and_roles {
        let client = with(&server, &headers);
        assert_eq!(client.status(), 101, "{headers}");
        let chosen = headers.contains("stagedoor.json").then(|| "stagedoor.json".to_owned());
        let (_, opened) = events.opened(&client);
        assert_eq!((opened.role, &opened.subprotocol), (role, &chosen), "{headers}");
        assert_eq!(client.head.contains("stagedoor.json"), chosen.is_some());
        let seen = format!("{opened:?} {}", client.head);
        for secret in [VIEWER, ADMIN, "stagedoor.token", "wrong"] {
            assert!(!seen.contains(secret), "{seen}");
        }
        assert_eq!(seen.contains("other"), headers.contains("other"));
    }
}

#[test]
fn a_wrong_token_in_the_header_is_answered_with_401_after_a_while() {
    let server = listen(guarded());
    let long = "x".repeat(9000);
    let wrong = [
        bearer(&ADMIN[..5]),
        bearer(""),
        bearer(&long),
        format!("Authorization: Basic {ADMIN}\r\n{}", offer(&format!("stagedoor.token.{ADMIN}"))),
        format!("{}{}", bearer(ADMIN), bearer(VIEWER)),
    ];
    for headers in wrong {
        let start = Instant::now();
        let mut client = with(&server, &headers);
        assert_eq!(client.status(), 401, "{headers}");
        assert!(start.elapsed() >= WRONG_TOKEN_DELAY);
        assert!(client.head.contains("WWW-Authenticate: Bearer\r\n"));
        let mut body = String::new();
        client.stream.read_to_string(&mut body).expect("a body");
        assert!(!body.contains(ADMIN));
    }
    let page = Client::request(server.address(), &bearer("wrong"));
    assert_eq!(page.status(), 200, "a page needs no token");
}

#[test]
fn a_wrong_token_in_a_subprotocol_is_accepted_to_be_closed_and_opens_nothing() {
    let server = listen(guarded());
    let mut events = Events::of(&server);
    let wrong = [
        ("stagedoor.token.".to_owned(), false),
        (format!("stagedoor.token.{}, stagedoor.json", &ADMIN[1..]), true),
        (format!("stagedoor.token.{ADMIN}, stagedoor.token.{VIEWER}, stagedoor.json"), true),
        (format!("STAGEDOOR.TOKEN.{ADMIN}"), false),
        ("stagedoor.token.x".to_owned(), false),
    ];
    for (subprotocols, json) in wrong {
        let mut client = with(&server, &offer(&subprotocols));
        assert_eq!(client.status(), 101);
        assert_eq!(client.head.contains("Sec-WebSocket-Protocol: stagedoor.json\r\n"), json);
        assert!(!client.head.contains("token"), "{}", client.head);
        client.send("hello?");
        assert_eq!(client.closed(), (4401, "bad token".into()));
        assert_eq!(client.stream.read(&mut [0]).expect("the end"), 0);
    }
    assert!(!events.has(|event| matches!(event, Event::Opened(..))));
}

#[test]
fn a_head_larger_than_any_is_refused_whatever_token_is_in_it() {
    let server = listen(guarded());
    let mut stream = TcpStream::connect(server.address()).expect("connected");
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{}", bearer(&"x".repeat(1 << 20)));
    // The server may close before it has read all of it.
    let _ = stream.write_all(head.as_bytes());
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("a response");
    assert_eq!(&start, b"HTTP/1.1 431");
}

#[test]
fn clients_without_a_token_have_few_places_and_take_none_of_the_others() {
    let settings = Settings { max_unauthenticated: 2, max_connections: 3, ..guarded() };
    let server = listen(settings);
    let mut events = Events::of(&server);
    let first = with(&server, "");
    let (id, _) = events.opened(&first);
    let second = with(&server, "");
    events.opened(&second);
    assert_eq!(with(&server, "").status(), 503);
    let members: Vec<_> = (0..3).map(|_| with(&server, &bearer(ADMIN))).collect();
    assert!(members.iter().all(|member| member.status() == 101));
    assert_eq!(with(&server, &bearer(ADMIN)).status(), 503);
    drop(first);
    events.closed(id);
    let again = with(&server, "");
    assert_eq!(again.status(), 101);
    let (id, _) = events.opened(&again);
    // A client that is authenticated gives its place back.
    server.authenticate(id);
    let in_its_place = with(&server, "");
    assert_eq!(in_its_place.status(), 101);
    assert_eq!(with(&server, "").status(), 503);
}

#[test]
fn peers_that_say_nothing_do_not_keep_others_out() {
    let settings = Settings {
        max_connections: 2,
        max_unauthenticated: 1,
        handshake_timeout: 10 * PATIENCE,
        ..guarded()
    };
    let server = listen(settings);
    let mut silent: Vec<_> = (0..300)
        .map(|_| TcpStream::connect(server.address()).expect("the backlog has room"))
        .collect();
    let client = with(&server, &bearer(ADMIN));
    assert_eq!(client.status(), 101);
    // The oldest were dropped for it, the newest were not.
    silent[0].set_read_timeout(Some(PATIENCE)).expect("a socket");
    let end = silent[0].read(&mut [0]).or_else(|error| match error.kind() {
        ErrorKind::ConnectionReset => Ok(0),
        _ => Err(error),
    });
    assert_eq!(end.expect("the end in time"), 0);
    let newest = silent.last_mut().expect("there are some");
    newest.set_nonblocking(true).expect("a socket");
    let still_open = newest.read(&mut [0]).expect_err("nothing is said");
    assert_eq!(still_open.kind(), ErrorKind::WouldBlock);
}

#[test]
fn without_a_token_messages_are_small_until_the_program_knows_who_it_is() {
    let server = listen(guarded());
    let mut events = Events::of(&server);
    let mut stranger = with(&server, "");
    let (id, _) = events.opened(&stranger);
    stranger.send(&"x".repeat(4097));
    assert_eq!(stranger.closed().0, 1009);
    events.closed(id);
    let mut known = with(&server, "");
    let (id, _) = events.opened(&known);
    let length = |event: &Event| match event {
        Event::LargeMessage(from, _, payload) if *from == id => Some(payload.len()),
        _ => None,
    };
    known.send(&"x".repeat(4096));
    assert_eq!(events.next(length), 4096);
    server.authenticate(id);
    // The answer shows that the command before it was carried out.
    server.broadcast(stagedoor_server::Kind::Text, b"welcome");
    assert_eq!(known.text(), "welcome");
    known.send(&"x".repeat(50_000));
    assert_eq!(events.next(length), 50_000);
}

#[test]
fn a_client_that_is_not_authenticated_in_time_is_closed_and_one_that_is_stays() {
    let timeout = Duration::from_millis(300);
    let server = listen(Settings { handshake_timeout: timeout, ..guarded() });
    let mut events = Events::of(&server);
    let start = Instant::now();
    let mut stranger = with(&server, "");
    let mut known = with(&server, "");
    let mut member = with(&server, &bearer(VIEWER));
    let (id, _) = events.opened(&stranger);
    server.authenticate(events.opened(&known).0);
    assert_eq!(stranger.closed(), (4401, "not authenticated in time".into()));
    assert!(start.elapsed() >= timeout);
    assert_eq!(events.closed(id), (4401, None));
    for client in [&mut known, &mut member] {
        client.write_frame(9, b"there?");
        assert_eq!(client.frame(), (10, b"there?".to_vec()));
    }
}

#[test]
fn replaced_tokens_hold_from_the_next_handshake_on_and_connections_tell_theirs() {
    let server = listen(guarded());
    let mut events = Events::of(&server);
    let before = with(&server, &bearer(ADMIN));
    let (_, opened) = events.opened(&before);
    assert_eq!(opened.token_generation, 0);
    let new = Tokens::new([("new-token", 1)]).expect("well-formed");
    assert_eq!(server.set_tokens(new), Some(1));
    assert_eq!(with(&server, &bearer(ADMIN)).status(), 401);
    let after = with(&server, &bearer("new-token"));
    let (_, opened) = events.opened(&after);
    assert_eq!((opened.role, opened.token_generation), (Some(1), 1));
}

#[test]
fn a_server_without_tokens_looks_at_none() {
    let subprotocols = vec!["stagedoor.token.x".to_owned()];
    let server = listen(Settings { subprotocols, ..Settings::default() });
    let mut events = Events::of(&server);
    for _ in 0..10 {
        let client = with(&server, &format!("{}{}", bearer("mine"), offer("stagedoor.token.x")));
        assert_eq!(client.status(), 101);
        let (_, opened) = events.opened(&client);
        assert_eq!((opened.role, opened.subprotocol.as_deref()), (None, Some("stagedoor.token.x")));
        assert!(opened.headers.iter().any(|header| header == ("Authorization", "Bearer mine")));
    }
    assert_eq!(server.set_tokens(tokens()), None);
    assert_eq!(with(&server, "").status(), 101);
}

#[test]
fn a_right_token_gets_in_whatever_others_guess_and_wrong_ones_share_few_places() {
    let settings = Settings {
        max_failed_authentications: 2,
        max_connections: 3,
        max_unauthenticated: 1,
        ..guarded()
    };
    let server = listen(settings);
    let mut events = Events::of(&server);
    let start = Instant::now();
    let wrong = [bearer("wrong"), offer("stagedoor.token.wrong")];
    // Those wait for their answer, which `with` does, too.
    let waiting: Vec<_> = wrong.iter().map(|headers| ask(&server, headers)).collect();
    while !events.has(|event| matches!(event, Event::Refused(text) if text.contains("4401"))) {
        assert!(start.elapsed() < PATIENCE);
    }
    for _ in 0..100 {
        let refused = with(&server, &bearer("wrong"));
        assert_eq!(refused.status(), 429);
        assert!(refused.head.contains("Retry-After: 1\r\n"));
        let mut dismissed = with(&server, &offer("stagedoor.token.wrong"));
        assert_eq!(dismissed.closed(), (4429, "too many wrong tokens".into()));
        let right = with(&server, &bearer(ADMIN));
        let id = events.opened(&right).0;
        drop(right);
        events.closed(id);
        let right = with(&server, &offer(&format!("stagedoor.token.{ADMIN}")));
        let id = events.opened(&right).0;
        drop(right);
        events.closed(id);
    }
    assert_eq!(with(&server, "").status(), 101, "without a token there is nothing to compare");
    for (mut stream, status) in waiting.into_iter().zip(["HTTP/1.1 401", "HTTP/1.1 101"]) {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, status.as_bytes());
    }
    assert!(start.elapsed() >= WRONG_TOKEN_DELAY);
    assert_eq!(with(&server, &bearer("wrong")).status(), 401, "there is a place again");
}

#[test]
fn a_client_that_leaves_while_it_waits_gives_its_place_back() {
    let server = listen(Settings { max_failed_authentications: 1, ..guarded() });
    let start = Instant::now();
    for _ in 0..3 {
        let waiting = ask(&server, &bearer("wrong"));
        while with(&server, &bearer("wrong")).status() != 429 {
            assert!(start.elapsed() < PATIENCE);
        }
        drop(waiting);
    }
}

#[test]
fn each_refusal_is_told_once() {
    let settings = Settings { max_failed_authentications: 0, ..guarded() };
    let server = listen(settings);
    let mut events = Events::of(&server);
    for _ in 0..3 {
        assert_eq!(with(&server, &bearer("wrong")).status(), 429);
        assert_eq!(with(&server, &offer("stagedoor.token.wrong")).status(), 101);
    }
    for told in ["refused with 429: too many wrong", "refused with 4429: too many wrong"] {
        events.next(|event| match event {
            Event::Refused(text) => text.contains(told).then_some(()),
            _ => None,
        });
    }
    let last = with(&server, "");
    events.opened(&last);
    assert!(!events.has(|event| matches!(event, Event::Refused(_))), "once");
}
