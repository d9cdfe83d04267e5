//! The memory that a server needs for clients that compress.

mod support;

use std::time::Duration;

use flate2::{Compress, FlushCompress};
use stagedoor_server::{Batch, Event, Settings};

use support::{Client, Kept, PATIENCE, listen};

const MIB: usize = 1 << 20;
/// A binary frame with RSV1.
const COMPRESSED: u8 = 0x42;
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";

/// 1 MiB of zeros: about 1 KiB.
fn bomb() -> Vec<u8> {
    let mut compress = Compress::new(flate2::Compression::best(), false);
    let mut out = Vec::with_capacity(8192);
    compress.compress_vec(&vec![0; MIB], &mut out, FlushCompress::Sync).expect("no error");
    assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
    out.truncate(out.len() - 4);
    out
}

#[test]
fn what_small_reads_become_does_not_pass_the_limit_by_more_than_one_read() {
    let settings =
        Settings { compression: true, max_receive_memory: 32 * MIB, ..Settings::default() };
    let server = listen(settings);
    let bomb = bomb();
    let mut clients: Vec<Client> = (0..20).map(|_| Client::with(server.address(), OFFER)).collect();
    let each = 64 * 1024 / (bomb.len() + 8);
    for client in &mut clients {
        for _ in 0..each {
            client.write_frame(COMPRESSED, &bomb);
        }
    }
    // A read that begins when there is room for a byte brings 4 KiB, and the rest of a message.
    let of_one_read = (4 * 1024 / bomb.len() + 2) * MIB;
    let mut left = each * clients.len();
    let mut kept = Kept::default();
    while left > 0 {
        assert!(server.wait(PATIENCE), "{left} messages are missing");
        // What comes until the server waits for us: it says so by a silence.
        while server.wait(Duration::from_millis(20)) {
            let mut next = Batch::default();
            server.take(&mut next);
            left -= count(&next);
            kept.keep(&next.events);
            assert!(kept.weight <= 32 * MIB + of_one_read, "{} MiB at once", kept.weight / MIB);
        }
        kept.handle_all(&server);
    }
}

fn count(batch: &Batch) -> usize {
    batch.events.iter().filter(|event| matches!(event, Event::LargeMessage(..))).count()
}
