//! What must hold for any compressed messages in any pieces.

use proptest::collection::vec;
use proptest::prelude::*;
use stagedoor_protocol::{Event, Kind, encode_frame};

use crate::deflating::*;
use crate::support::*;

const OFFERS: [&str; 4] = [
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
];

/// A message, or a part of one: text that repeats itself, or bytes that do not.
fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0_usize..50, 0_usize..400).prop_map(|(seed, bytes)| json(seed, bytes).into_bytes()),
        (any::<u64>(), 0_usize..100).prop_map(|(seed, bytes)| noise(seed, bytes)),
    ]
}

/// Messages in fragments, each compressed or not.
fn messages() -> impl Strategy<Value = Vec<(bool, Vec<Vec<u8>>)>> {
    vec((prop::bool::weighted(0.8), vec(part(), 1..3)), 1..6)
}

fn wire(peer: &mut Peer, messages: &[(bool, Vec<Vec<u8>>)]) -> Vec<u8> {
    let mut wire = Vec::new();
    for (is_compressed, parts) in messages {
        for (at, part) in parts.iter().enumerate() {
            let is_last = at + 1 == parts.len();
            let fin = if is_last { FIN } else { 0 };
            let rsv1 = if *is_compressed && at == 0 { RSV1 } else { 0 };
            let opcode = if at == 0 { BINARY } else { CONTINUATION };
            if *is_compressed {
                wire.extend(frame(fin | rsv1 | opcode, &peer.compress_part(part, is_last)));
            } else {
                wire.extend(frame(fin | opcode, part));
            }
        }
        wire.extend(frame(PING, b""));
    }
    wire
}

proptest! {
    #[test]
    fn every_split_of_a_compressed_stream_gives_the_same_events(
        messages in messages(), offer in 0..OFFERS.len(), sizes in vec(1_usize..300, 1..8),
    ) {
        let offer = OFFERS[offer];
        let wire = wire(&mut Peer::new(offer), &messages);
        let expected: Vec<_> = messages.iter().map(|(_, parts)| binary(&parts.concat())).collect();
        for sizes in [&sizes[..], &[1], &[usize::MAX]] {
            let mut stage = Stage::with_deflate(&CONFIG, offer);
            prop_assert_eq!(&stage.receive_in_pieces(&wire, sizes), &expected);
            prop_assert_eq!(stage.connection.buffered(), 0);
        }
    }

    #[test]
    fn a_changed_byte_gives_the_same_documented_events_in_any_pieces(
        messages in messages(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        is_text in any::<bool>(), sizes in vec(1_usize..50, 1..8),
    ) {
        let mut wire = wire(&mut Peer::new(OFFERS[0]), &messages);
        if is_text {
            wire[0] = wire[0] & !BINARY | TEXT;
        }
        *at.get_mut(&mut wire) = byte;
        let mut whole = Stage::with_deflate(&CONFIG, OFFERS[0]);
        let events = whole.receive(&wire);
        let written = whole.write();
        for sizes in [&sizes[..], &[1]] {
            let mut stage = Stage::with_deflate(&CONFIG, OFFERS[0]);
            prop_assert_eq!(&stage.receive_in_pieces(&wire, sizes), &events);
            prop_assert_eq!(&stage.write(), &written);
            prop_assert!(stage.connection.buffered() <= 2 * CONFIG.max_message_size);
        }
        for event in &events {
            if let Event::Message { kind, payload } = event {
                prop_assert!(payload.len() <= CONFIG.max_message_size);
                prop_assert!(*kind == Kind::Binary || str::from_utf8(payload).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_as_a_compressed_message_give_the_same_events_in_any_pieces(
        payloads in vec(vec(any::<u8>(), 0..60), 1..4), sizes in vec(1_usize..20, 1..8),
    ) {
        let wire: Vec<u8> =
            payloads.iter().flat_map(|payload| frame(FIN | RSV1 | BINARY, payload)).collect();
        let events = Stage::with_deflate(&CONFIG, OFFERS[0]).receive(&wire);
        for sizes in [&sizes[..], &[1]] {
            let mut stage = Stage::with_deflate(&CONFIG, OFFERS[0]);
            prop_assert_eq!(&stage.receive_in_pieces(&wire, sizes), &events);
        }
    }

    #[test]
    fn what_is_sent_arrives_whatever_comes_between(
        messages in vec((0_usize..4, prop_oneof![
            (0_usize..50, 0_usize..40_000).prop_map(|(seed, bytes)| json(seed, bytes).into_bytes()),
            (any::<u64>(), 0_usize..20_000).prop_map(|(seed, bytes)| noise(seed, bytes)),
            part(),
        ]), 1..8),
        offer in 0..OFFERS.len(),
    ) {
        let offer = OFFERS[offer];
        let mut stage = Stage::with_deflate(&CONFIG, offer);
        let mut peer = Peer::new(offer);
        for (what, message) in &messages {
            match what {
                0 => stage.connection.send_encoded(&encode_frame(Kind::Binary, message)),
                _ => stage.connection.send(Kind::Binary, message),
            };
            if *what == 1 {
                // The peer is quiet: the context is given up, and the peer need not know.
                let now = stage.now;
                if stage.connection.deadline() == Some(now) {
                    stage.handle_timeout();
                } else {
                    stage.sleep();
                    stage.handle_timeout();
                    stage.receive(&frame(PONG, b""));
                }
            }
        }
        let written = stage.write();
        let data = frames(&written).into_iter().filter(|(first, _)| *first != PING);
        let arrived: Vec<Vec<u8>> = data.map(|(first, payload)| {
            if first & RSV1 == 0 { payload } else { peer.decompress(&payload) }
        }).collect();
        let sent: Vec<Vec<u8>> = messages.into_iter().map(|(_, message)| message).collect();
        prop_assert!(arrived == sent, "the messages differ");
    }
}
