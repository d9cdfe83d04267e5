//! A server that speaks TLS, with clients that speak it, speak it slowly, or do not.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::version::{TLS12, TLS13};
use rustls::{StreamOwned, SupportedProtocolVersion};
use stagedoor_server::{
    Account, ConnectionId, Event, Kind, SendError, Server, Settings, TlsConfig, TlsError,
};
use support::secure::{Folder, Secure, handshake, secure, self_signed};
use support::{CLOSE, Client, Events, PATIENCE, TEXT, UPGRADE, dial, listen, masked};

/// A WebSocket client over TLS, over whatever passes its bytes on.
fn connect_over<S: Read + Write>(
    server: &Server,
    version: &'static SupportedProtocolVersion,
    stream: S,
) -> Client<Secure<S>> {
    let stream = StreamOwned::new(handshake(version), stream);
    Client::over(stream, server.address().port(), UPGRADE).expect("a response head")
}

fn connect(server: &Server) -> Client<Secure> {
    connect_over(server, &TLS13, dial(server.address()))
}

fn opened(events: &mut Events<'_>) -> (ConnectionId, Arc<Account>) {
    events.next(|event| match event {
        Event::Opened(id, opened) => Some((*id, Arc::clone(&opened.account))),
        _ => None,
    })
}

/// What the server's kernel cannot send soon stays there.
fn with_a_small_window(server: &Server) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a size");
    socket.connect(&server.address().into()).expect("connected");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// Writes one byte at a time, and asks for a few at a time.
struct Dribbling(TcpStream);

impl Read for Dribbling {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let few = buffer.len().min(7);
        self.0.read(&mut buffer[..few])
    }
}

impl Write for Dribbling {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn both_versions_carry_messages_and_end_with_a_close_notify() {
    for version in [&TLS12, &TLS13] {
        let server = listen(secure());
        let mut events = Events::of(&server);
        let mut client = connect_over(&server, version, dial(server.address()));
        assert_eq!(client.status(), 101);
        let (id, account) = opened(&mut events);
        client.send("hello");
        assert_eq!(events.next_message(), b"hello");
        server.send(id, &account, Kind::Text, b"and back", false).expect("room");
        assert_eq!(client.text(), "and back");
        server.close_connection(id, &account, 4000, "done");
        assert_eq!(client.closed(), (4000, "done".to_owned()));
        let mut rest = Vec::new();
        // An end without close_notify would be an UnexpectedEof.
        assert_eq!(client.stream.read_to_end(&mut rest).expect("a close_notify"), 0);
        assert_eq!(events.closed(id), (4000, None));
    }
}

#[test]
fn after_its_handshake_the_server_waits_for_the_request() {
    let server = listen(secure());
    let mut client = StreamOwned::new(handshake(&TLS13), dial(server.address()));
    while client.conn.is_handshaking() {
        client.conn.complete_io(&mut client.sock).expect("a handshake");
    }
    client.sock.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
    let error = client.sock.read(&mut [0]).expect_err("no tickets either");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
}

#[test]
fn a_client_may_send_and_read_in_the_smallest_pieces() {
    let server = listen(secure());
    let mut events = Events::of(&server);
    for version in [&TLS12, &TLS13] {
        let mut client = connect_over(&server, version, Dribbling(dial(server.address())));
        let (id, account) = opened(&mut events);
        client.send("hello");
        assert_eq!(events.next_message(), b"hello");
        server.send(id, &account, Kind::Binary, &vec![7; 50_000], false).expect("room");
        assert_eq!(client.frame().1, vec![7; 50_000]);
    }
}

#[test]
fn what_comes_in_many_records_at_once_is_all_there() {
    let server = listen(secure());
    let mut events = Events::of(&server);
    let mut client = connect(&server);
    // One write, of records large and small, of which a read takes a part.
    let connection = &mut client.stream.conn;
    connection.set_buffer_limit(None);
    let mut sizes = Vec::new();
    for round in 0..60_usize {
        for size in [1, 125, 5_000 + 37 * round, 16_000] {
            let frame = masked(TEXT, &vec![b'x'; size]);
            connection.writer().write_all(&frame).expect("no limit");
            sizes.push(size);
        }
    }
    let mut wire = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut wire).expect("memory");
    }
    client.stream.sock.write_all(&wire).expect("written");
    for size in sizes {
        assert_eq!(events.next_message().len(), size);
    }
}

#[test]
fn what_a_small_read_has_no_room_for_is_read_without_another_byte_from_the_client() {
    // Reads of the request are small, and so are reads from a client that may compress.
    for offer in ["", "Sec-WebSocket-Extensions: permessage-deflate\r\n"] {
        let server = listen(Settings { compression: true, ..secure() });
        let mut events = Events::of(&server);
        let port = server.address().port();
        let mut stream = StreamOwned::new(handshake(&TLS13), dial(server.address()));
        let head = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{UPGRADE}{offer}\r\n");
        let frames = masked(TEXT, &[b'x'; 1900]).repeat(7);
        // One record each.
        stream.write_all(&[head.as_bytes(), &frames].concat()).expect("written");
        for _ in 0..7 {
            assert_eq!(events.next_message().len(), 1900);
        }
        stream.write_all(&frames).expect("written");
        for _ in 0..7 {
            assert_eq!(events.next_message().len(), 1900);
        }
    }
}

#[test]
fn a_receipt_means_that_the_kernel_has_the_message() {
    const SIZE: usize = 40_000;
    // An empty queue takes any single message.
    let server = listen(Settings { max_send_queue: 1, ..secure() });
    let mut events = Events::of(&server);
    let mut client = connect_over(&server, &TLS13, with_a_small_window(&server));
    let (id, account) = opened(&mut events);
    let payload = vec![7; SIZE];
    let mut receipts = 0;
    // The client does not read: at some message the kernel has no room for all of it.
    let mut progress = Instant::now();
    while progress.elapsed() < Duration::from_millis(500) {
        match server.send(id, &account, Kind::Binary, &payload, true) {
            Ok(()) => progress = Instant::now(),
            Err(error) => {
                // It counts as a whole until all of it is there.
                assert_eq!(error, SendError::Full { queued: SIZE as u64 + 4 });
                std::thread::yield_now();
            }
        }
        receipts += events.receipts(id);
        assert!(receipts < 2000, "the kernel takes everything");
    }
    // Its sockets are closed as they are, and nothing more is written.
    server.panic();
    events.next(|event| matches!(event, Event::Stopped(_)).then_some(()));
    receipts += events.receipts(id);
    let mut there = 0;
    while client.try_frame().is_ok_and(|(opcode, payload)| opcode != CLOSE && payload.len() == SIZE)
    {
        there += 1;
    }
    assert_eq!(there, receipts);
}

#[test]
fn a_client_that_reads_again_gets_everything_and_so_do_the_receipts() {
    // An empty queue takes any single message, and one that waits in part none.
    let server = listen(Settings { max_send_queue: 1, ..secure() });
    let mut events = Events::of(&server);
    let mut client = connect(&server);
    let (id, account) = opened(&mut events);
    let large: Vec<u8> = (0..16 << 20).map(|at: u32| (at % 251) as u8).collect();
    server.send(id, &account, Kind::Binary, &large, true).expect("an empty queue");
    server.send(id, &account, Kind::Text, b"last", true).expect_err("a full queue");
    assert_eq!(client.frame().1, large);
    let mut receipts = 0;
    while receipts < 1 {
        receipts += events.next(|event| match event {
            Event::Sent(whom, count) if *whom == id => Some(*count),
            _ => None,
        });
    }
    assert_eq!(account.queued(), 0);
    server.send(id, &account, Kind::Text, b"last", true).expect("an empty queue");
    assert_eq!(client.text(), "last");
}

#[test]
fn a_client_that_takes_nothing_is_ended_by_the_write_timeout() {
    let server = listen(Settings { write_timeout: Duration::from_millis(200), ..secure() });
    let mut events = Events::of(&server);
    let _client = connect(&server);
    let (id, account) = opened(&mut events);
    server.send(id, &account, Kind::Binary, &vec![7; 32 << 20], false).expect("an empty queue");
    let (code, error) = events.closed(id);
    assert_eq!((code, error.as_deref()), (1006, Some("the peer took no data for too long")));
}

#[test]
fn a_client_that_leaves_without_a_word_is_gone_as_it_is_without_tls() {
    let server = listen(secure());
    let mut events = Events::of(&server);
    for says_so in [false, true] {
        let mut client = connect(&server);
        let (id, _) = opened(&mut events);
        if says_so {
            client.stream.conn.send_close_notify();
            client.stream.flush().expect("written");
        }
        client.stream.sock.shutdown(std::net::Shutdown::Write).expect("a socket");
        let left = "the peer left without a close frame";
        assert_eq!(events.closed(id), (1006, Some(left.to_owned())));
    }
}

/// The bytes that are between the client and its socket.
fn sealed(client: &mut Client<Secure>) -> Vec<u8> {
    let mut wire = Vec::new();
    while client.stream.conn.wants_write() {
        client.stream.conn.write_tls(&mut wire).expect("memory");
    }
    wire
}

#[test]
fn a_close_notify_in_one_read_with_the_last_messages_is_noticed_and_answered() {
    let server = listen(Settings { ping_interval: Some(PATIENCE * 10), ..secure() });
    let mut events = Events::of(&server);
    for (version, messages, size) in [
        (&TLS12, 1, 5),
        (&TLS13, 0, 0),
        (&TLS13, 1, 5),
        (&TLS13, 300, 5),
        (&TLS13, 3, 16_000),
        (&TLS13, 1, 16_384),
    ] {
        let mut client = connect_over(&server, version, dial(server.address()));
        let (id, _) = opened(&mut events);
        let mut wire = Vec::new();
        for _ in 0..messages {
            client.stream.conn.writer().write_all(&masked(TEXT, &vec![b'x'; size])).expect("room");
            wire.extend(sealed(&mut client));
        }
        client.stream.conn.send_close_notify();
        wire.extend(sealed(&mut client));
        client.stream.sock.write_all(&wire).expect("written");
        for _ in 0..messages {
            assert_eq!(events.next_message().len(), size);
        }
        // It keeps its side of the socket open, and waits for the server's answer.
        assert_eq!(events.closed(id).0, 1006);
        let mut rest = Vec::new();
        client.stream.read_to_end(&mut rest).expect("a close_notify");
    }
}

#[test]
fn a_broken_record_ends_the_connection_with_an_error_that_says_so() {
    let server = listen(secure());
    let mut events = Events::of(&server);
    let mut client = connect(&server);
    let (id, _) = opened(&mut events);
    let mut wire = Vec::new();
    client.stream.conn.writer().write_all(b"sealed").expect("room");
    client.stream.conn.write_tls(&mut wire).expect("memory");
    *wire.last_mut().expect("a record") ^= 1;
    client.stream.sock.write_all(&wire).expect("written");
    let (code, error) = events.closed(id);
    let error = error.expect("an error");
    assert_eq!(code, 1006);
    assert!(error.starts_with("the peer broke TLS"), "{error}");
    let told = client.stream.read(&mut [0; 16]).expect_err("an alert");
    assert!(told.to_string().contains("BadRecordMac"), "{told}");
}

/// Everything that a peer gets that sends these bytes and waits until the socket ends.
fn answer_to(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = dial(server.address());
    let _ = stream.write_all(bytes); // it may be ended while we write
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server did not end it: {error}"),
    }
    answer
}

fn client_hello() -> Vec<u8> {
    let mut hello = Vec::new();
    handshake(&TLS13).write_tls(&mut hello).expect("memory");
    hello
}

#[test]
fn what_is_no_tls_is_ended_at_once_and_others_are_served_on() {
    let server = listen(Settings { handshake_timeout: PATIENCE * 10, ..secure() });
    let mut events = Events::of(&server);
    let mut wrong_length = client_hello();
    wrong_length[3..5].copy_from_slice(&[0xFF, 0xFF]);
    let mut wrong_type = client_hello();
    wrong_type[5] = 0x0B;
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"[..],
        &[0; 2000],
        &vec![0xFF; 70_000],
        &[0x16, 3, 1, 0, 0],
        &wrong_length,
        &wrong_type,
        &[0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5],
    ] {
        let answer = answer_to(&server, bytes);
        assert!(answer.len() <= 7, "an alert at most: {answer:?}");
    }
    let mut client = connect(&server);
    client.send("hello");
    assert_eq!(events.next_message(), b"hello");
}

#[test]
fn a_handshake_that_stops_anywhere_is_ended_at_the_deadline() {
    let timeout = Duration::from_millis(200);
    let server = listen(Settings { handshake_timeout: timeout, ..secure() });
    let hello = client_hello();
    for sent in [0, 1, 5, 50, hello.len() - 1, hello.len()] {
        let begin = Instant::now();
        answer_to(&server, &hello[..sent]);
        assert!(begin.elapsed() >= timeout, "after {sent} bytes");
    }
    // The TLS handshake is done, and there is no request: the same deadline holds.
    let begin = Instant::now();
    let mut stream = StreamOwned::new(handshake(&TLS13), dial(server.address()));
    stream.conn.complete_io(&mut stream.sock).expect("a handshake");
    let end = stream.read(&mut [0]);
    assert!(end.is_err() || matches!(end, Ok(0)), "{end:?}");
    assert!(begin.elapsed() >= timeout);
}

#[test]
fn resets_in_the_handshake_leave_nothing_behind() {
    let server = listen(Settings { max_connections: 4, ..secure() });
    let mut events = Events::of(&server);
    let hello = client_hello();
    for round in 0..200 {
        let stream = dial(server.address());
        let socket = socket2::SockRef::from(&stream);
        socket.set_linger(Some(Duration::ZERO)).expect("a socket");
        let sent = round * 7 % (hello.len() + 1);
        (&stream).write_all(&hello[..sent]).expect("written");
        drop(stream); // a reset
        if round % 50 == 0 {
            let mut client = loop {
                // Places are free again once the resets have been seen.
                let client = connect(&server);
                if client.status() == 101 {
                    break client;
                }
            };
            let (id, _) = opened(&mut events);
            client.write_frame(CLOSE, &1000_u16.to_be_bytes());
            events.closed(id);
        }
    }
}

#[test]
fn one_connection_too_many_is_told_so_through_tls() {
    let server = listen(Settings { max_connections: 1, ..secure() });
    let _first = connect(&server);
    let second = connect(&server);
    assert_eq!(second.status(), 503);
}

#[test]
fn a_page_may_connect_to_where_it_came_from() {
    let server = listen(secure());
    let port = server.address().port();
    let stream = StreamOwned::new(handshake(&TLS13), dial(server.address()));
    let headers = format!("Origin: https://localhost:{port}\r\n");
    let mut page = Client::over(stream, port, &headers).expect("a response head");
    assert_eq!(page.status(), 200);
    assert!(
        page.head.contains(&format!("connect-src 'self' wss://127.0.0.1:{port};")),
        "{}",
        page.head
    );
    let mut body = String::new();
    page.stream.read_to_string(&mut body).expect("a close_notify behind the page");
    assert!(body.contains("stagedoor"));
}

#[test]
fn a_pair_that_is_none_is_refused_by_the_name_of_its_file() {
    let folder = Folder::new("pairs");
    let one = self_signed();
    let other = self_signed();
    let certificate = folder.file("certificate", &one.cert.pem());
    let key = folder.file("key", &one.signing_key.serialize_pem());
    let others = folder.file("others-key", &other.signing_key.serialize_pem());
    let empty = folder.file("empty", "");
    let cut = folder.file("cut", &one.cert.pem()[..200]);
    assert!(TlsConfig::load(&certificate, &key).is_ok());
    for (certificate, key, wrong, problem) in [
        (&key, &certificate, &key, "no certificate"),
        (&empty, &key, &empty, "no certificate"),
        (&cut, &key, &cut, "no certificate"),
        (&certificate, &certificate, &certificate, "no private key"),
        (&certificate, &empty, &empty, "no private key"),
        (&certificate, &others, &others, "is not that of"),
    ] {
        match TlsConfig::load(certificate, key) {
            Err(error @ TlsError::Invalid { .. }) => {
                let text = error.to_string();
                assert!(text.starts_with(&*wrong.to_string_lossy()), "{text}");
                assert!(text.contains(problem), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
    let missing = folder.0.join("missing");
    let error = TlsConfig::load(&certificate, &missing).expect_err("no such file");
    assert!(matches!(&error, TlsError::Unreadable { path, .. } if *path == missing), "{error}");
}
