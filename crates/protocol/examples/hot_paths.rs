//! What a message costs in this crate, system calls aside: the program whose instructions
//! `python -m benchmarks.instructions` counts.
//!
//! `cargo run --release -p stagedoor-protocol --example hot_paths -- PATH PAYLOAD_BYTES MESSAGES`
//!
//! It prints the nanoseconds for a message. Everything that is counted happens within calls of
//! [`measured`]; what a path needs besides is made outside of them.

use std::hint::black_box;
use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::{Compress, FlushCompress};
use stagedoor_protocol::{Compression, Config, Connection, Event, HeadReader, Kind, upgrade};

/// Messages that arrive together, if they are short.
const BATCH: usize = 8;
/// What is read from a socket at once, as in the server's crate.
const READ: usize = 64 * 1024;
const LARGEST: usize = 16 * 1024 * 1024;
const MASK: [u8; 4] = [1, 2, 3, 4];
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8787\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// Counted by its name. Returns how long it took, too.
#[inline(never)]
fn measured<T>(step: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = black_box(step());
    (result, start.elapsed())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, size, messages] = arguments.as_slice() else {
        panic!("expected PATH PAYLOAD_BYTES MESSAGES");
    };
    let size = size.parse().expect("a size in bytes");
    let messages: u32 = messages.parse().expect("a number of messages");
    let took = match path.as_str() {
        "receive" => receive(size, messages),
        "send" => send(size, messages, &mut connection(false)),
        "inflate" => inflate(size, messages),
        "deflate" => send(size, messages, &mut connection(true)),
        "handshake" => (0..messages).map(|_| handshake()).sum(),
        other => panic!("{other:?} is no path"),
    };
    println!("{:.1} ns for each of {messages}", took.as_secs_f64() * 1e9 / f64::from(messages));
}

/// Unmasked, checked and given out, in reads of 64 KiB.
fn receive(size: usize, messages: u32) -> Duration {
    let frame = client_frame(0x81, &text(size, 0));
    let wire = frame.repeat(if frame.len() < READ / BATCH { BATCH } else { 1 });
    let in_wire = u32::try_from(wire.len() / frame.len()).expect("a few");
    let mut connection = connection(false);
    let mut took = Duration::ZERO;
    let mut found = 0;
    for _ in 0..messages.div_ceil(in_wire) {
        for read in wire.chunks(READ) {
            let mut bytes = read.to_vec();
            let (whole, time) = measured(|| take(&mut connection, &mut bytes));
            found += whole;
            took += time;
        }
    }
    assert!(found >= messages, "{found} of {messages} messages came");
    took
}

/// Compressed messages of one stream, received.
fn inflate(size: usize, messages: u32) -> Duration {
    let mut stream = Compress::new(flate2::Compression::new(1), false);
    let mut connection = connection(true);
    let mut took = Duration::ZERO;
    for number in 0..messages {
        let text = text(size, number);
        let mut message = Vec::with_capacity(size + 1024);
        stream.compress_vec(&text, &mut message, FlushCompress::Sync).expect("room for it");
        message.truncate(message.len() - 4);
        let mut bytes = client_frame(0xc1, &message);
        let (whole, time) = measured(|| take(&mut connection, &mut bytes));
        assert_eq!(whole, 1);
        took += time;
    }
    took
}

/// Given out as whole messages: how many.
fn take(connection: &mut Connection, bytes: &mut [u8]) -> u32 {
    let mut whole = 0;
    for event in connection.receive(bytes, Instant::now()) {
        match black_box(event) {
            Event::Message { .. } => whole += 1,
            other => panic!("a message was expected, not {other:?}"),
        }
    }
    whole
}

/// Framed, compressed where that was agreed on, queued, and taken by the socket.
fn send(size: usize, messages: u32, connection: &mut Connection) -> Duration {
    let mut took = Duration::ZERO;
    for number in 0..messages {
        let text = text(size, number);
        let ((), time) = measured(|| {
            connection.send(Kind::Text, &text);
            let mut slices = [IoSlice::new(&[]); 16];
            let filled = connection.transmit(&mut slices);
            let count = slices[..filled].iter().map(|slice| black_box(slice).len()).sum();
            connection.transmitted(count, Instant::now());
        });
        assert_eq!(connection.pending(), 0);
        took += time;
    }
    took
}

fn handshake() -> Duration {
    let ((), time) = measured(|| {
        let mut reader = HeadReader::default();
        let request = reader.receive(REQUEST).expect("a good request").expect("all of it");
        let upgrade = upgrade(&request).expect("a WebSocket's");
        black_box(upgrade.response(None, None));
    });
    time
}

fn connection(compresses: bool) -> Connection {
    let config = Config { max_message_size: LARGEST, ..Config::default() };
    let connection = Connection::new(&config, Instant::now());
    if !compresses {
        return connection;
    }
    let request =
        HeadReader::default().receive(REQUEST).expect("a good request").expect("all of it");
    let offer: Arc<Compression> = Compression::new(1, 1);
    connection.with_deflate(offer.accept(&request).expect("an offer"))
}

/// Telemetry in JSON: always the same names, and numbers that change.
fn text(size: usize, number: u32) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 64);
    let mut value = number;
    while text.len() < size {
        value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(
            format!(r#"{{"name":"rock","x":{},"y":{}}},"#, value >> 20, value & 0xfff).bytes(),
        );
    }
    text.truncate(size);
    text
}

/// A client's frame.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(short @ ..126) => frame.push(0x80 | short.to_be_bytes()[1]),
        Ok(medium) => frame.extend([&[0xfe], &medium.to_be_bytes()[..]].concat()),
        Err(_) => frame.extend([&[0xff], &(payload.len() as u64).to_be_bytes()[..]].concat()),
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
