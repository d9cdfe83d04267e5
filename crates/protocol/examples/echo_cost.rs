//! What one echo costs without the system calls: batches of 8 masked text frames are received,
//! sent back and transmitted.
//!
//! `cargo run --release -p stagedoor-protocol --example echo_cost [-- PAYLOAD_BYTES]`

use std::hint::black_box;
use std::io::IoSlice;
use std::time::Instant;

use stagedoor_protocol::{Config, Connection, Event, Kind, Payload};

const BATCH: usize = 8;
const BATCHES: usize = 500_000;
const MASK: [u8; 4] = [1, 2, 3, 4];

/// A client's text message in one frame.
fn client_frame(size: usize) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(size) {
        Ok(short @ ..126) => frame.push(0x80 | short.to_be_bytes()[1]),
        Ok(medium) => frame.extend([&[0xfe], &medium.to_be_bytes()[..]].concat()),
        Err(_) => frame.extend([&[0xff], &(size as u64).to_be_bytes()[..]].concat()),
    }
    frame.extend(MASK);
    frame.extend(MASK.iter().cycle().take(size).map(|key| b'x' ^ key));
    frame
}

fn main() {
    let size = std::env::args().nth(1).map_or(64, |size| size.parse().expect("a size in bytes"));
    let batches = BATCHES / (1 + size / 1000);
    let wire = client_frame(size).repeat(BATCH);

    let now = Instant::now();
    let mut connection = Connection::new(&Config::default(), now);
    let mut bytes = vec![0; wire.len()];
    let mut inbox: Vec<u8> = Vec::with_capacity(wire.len());
    let mut ends: Vec<(Kind, usize)> = Vec::new();
    let mut written = 0;

    let start = Instant::now();
    for _ in 0..batches {
        bytes.copy_from_slice(black_box(&wire));
        for event in connection.receive(&mut bytes, now) {
            let Event::Message { kind, payload: Payload::Borrowed(payload) } = event else {
                panic!("a whole message was expected, not {event:?}");
            };
            inbox.extend_from_slice(payload);
            ends.push((kind, inbox.len()));
        }
        let mut begin = 0;
        for (kind, end) in ends.drain(..) {
            connection.send(kind, &inbox[begin..end]);
            begin = end;
        }
        inbox.clear();
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = connection.transmit(&mut slices);
        let count = slices[..filled].iter().map(|slice| black_box(slice).len()).sum();
        connection.transmitted(count, now);
        written += count;
    }
    let echoes = u32::try_from(batches * BATCH).expect("a count that fits");
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / f64::from(echoes);
    println!("{nanoseconds:.1} ns per echo of {size} B, {written} bytes written");
}
