//! What a server holds for clients that compress.

mod support;

use std::time::Duration;

use flate2::{Compress, FlushCompress};
use stagedoor_server::{Batch, Event, Settings};

use support::{Client, PATIENCE, listen};

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
        Settings { compression: true, max_receive_memory: 4 * MIB, ..Settings::default() };
    let server = listen(settings);
    let bomb = bomb();
    let mut clients: Vec<Client> = (0..20).map(|_| Client::with(server.address(), OFFER)).collect();
    // Fills the inbox, so that what follows waits in the sockets of all clients.
    let (first, others) = clients.split_first_mut().expect("clients");
    for _ in 0..4 {
        first.write_frame(COMPRESSED, &bomb);
    }
    let mut batch = Batch::default();
    let mut messages = 0;
    let mut held = 0;
    while messages < 4 {
        assert!(server.wait(PATIENCE));
        let mut next = Batch::default();
        server.take(&mut next);
        held += next.events.iter().map(Event::weight).sum::<usize>();
        messages += count(&next);
        batch.events.append(&mut next.events);
    }
    let each = 64 * 1024 / (bomb.len() + 8);
    for client in others.iter_mut() {
        for _ in 0..each {
            client.write_frame(COMPRESSED, &bomb);
        }
    }
    assert!(!server.wait(Duration::from_millis(50)), "the server reads on");
    server.consumed(held);

    let mut left = each * others.len();
    let mut most = 0;
    while left > 0 {
        assert!(server.wait(PATIENCE), "{left} messages are missing");
        let mut next = Batch::default();
        server.take(&mut next);
        left -= count(&next);
        let weight = next.events.iter().map(Event::weight).sum::<usize>();
        most = most.max(weight);
        server.consumed(weight);
    }
    assert!(most <= (4 + 1 + each + 1) * MIB, "{} MiB at once", most / MIB);
}

fn count(batch: &Batch) -> usize {
    batch.events.iter().filter(|event| matches!(event, Event::LargeMessage(..))).count()
}
