//! Valid frames become messages, and pings are answered.

use stagedoor_protocol::{Config, Connection, Event, Payload};

use crate::support::*;

#[test]
fn the_examples_of_rfc_6455_section_5_7() {
    let mut stage = Stage::new();
    assert_eq!(stage.receive(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [text("Hello")]);

    assert_eq!(stage.receive(&frame(TEXT, b"Hel")), []);
    assert_eq!(stage.receive(&frame(FIN, b"lo")), [text("Hello")]);

    assert_eq!(stage.receive(b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), []);
    assert_eq!(stage.write(), b"\x8a\x05Hello");

    assert_eq!(stage.receive(&frame(FIN | BINARY, &[7; 256])), [binary(&[7; 256])]);
    let mut stage = Stage::with(&Config { max_message_size: 65536, ..CONFIG });
    let large = vec![7; 65536];
    assert_eq!(stage.receive(&frame(FIN | BINARY, &large)), [binary(&large)]);
}

#[test]
fn empty_messages_are_messages() {
    let mut stage = Stage::new();
    let bytes = [frame(FIN | TEXT, b""), frame(FIN | BINARY, b"")].concat();
    assert_eq!(stage.receive(&bytes), [text(""), binary(b"")]);
    let bytes = [frame(TEXT, b""), frame(CONTINUATION, b""), frame(FIN, b"")].concat();
    assert_eq!(stage.receive(&bytes), [text("")]);
}

#[test]
fn a_message_that_lies_in_the_bytes_is_not_copied() {
    let Stage { mut connection, now } = Stage::new();
    for length in [1, 125, 126, 1000] {
        let mut bytes = frame(FIN | BINARY, &vec![7; length]);
        let range = bytes.as_ptr_range();
        let event = connection.receive(&mut bytes, now).next();
        let Some(Event::Message { payload: Payload::Borrowed(payload), .. }) = event else {
            panic!("{event:?}");
        };
        assert_eq!(payload.as_ptr_range().end, range.end);
    }
    assert_eq!(connection.buffered(), 0);
}

#[test]
fn a_message_in_pieces_is_assembled_and_its_memory_released() {
    let mut stage = Stage::new();
    let bytes = frame(FIN | TEXT, &[b'x'; 600]);
    assert_eq!(stage.receive(&bytes[..300]), []);
    assert!((292..=600).contains(&stage.connection.buffered()));
    assert_eq!(stage.receive(&bytes[300..]), [text(&"x".repeat(600))]);
    assert_eq!(stage.connection.buffered(), 0);
}

#[test]
fn an_announced_length_costs_nothing_until_it_arrives() {
    let mut stage = Stage::with(&Config { max_message_size: 1 << 20, ..CONFIG });
    assert_eq!(stage.receive(b"\x82\xff\0\0\0\0\0\x10\0\0mask"), []);
    assert_eq!(stage.connection.buffered(), 0);
    assert_eq!(stage.receive(b"a few"), []);
    assert!(stage.connection.buffered() < 64);
}

#[test]
fn one_byte_at_a_time_copies_a_linear_number_of_bytes() {
    let mut stage = Stage::with(&Config { max_message_size: 1 << 20, ..CONFIG });
    let (mut copied, mut held) = (0, 0);
    for (at, byte) in frame(FIN | BINARY, &vec![7; 100_000]).iter().enumerate() {
        stage.receive(&[*byte]);
        if stage.connection.buffered() > held {
            held = stage.connection.buffered();
            copied += at;
        }
    }
    assert!(copied < 300_000, "{copied}");
    assert_eq!(stage.connection.buffered(), 0);
}

#[test]
fn the_rest_of_a_cut_frame_is_not_taken_for_a_frame() {
    // The key, and the payload, look like a message of one byte.
    let inner = frame(FIN | BINARY, b"!");
    let key = [0x82, 0x81, 1, 2];
    let masked: Vec<u8> = inner.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect();
    for payload in [&inner, &masked] {
        let bytes = [b"\x82\x87", &key[..], payload].concat();
        let whole = Stage::new().receive(&bytes);
        for at in 0..bytes.len() {
            let mut stage = Stage::new();
            assert_eq!(stage.receive(&bytes[..at]), []);
            assert_eq!(stage.receive(&bytes[at..]), whole);
        }
    }
}

#[test]
fn control_frames_come_between_fragments_and_in_pieces() {
    let mut stage = Stage::new();
    let ping = frame(PING, b"there?");
    let bytes = [frame(TEXT, b"a"), ping, frame(PONG, b"yes"), frame(FIN, b"b")].concat();
    let events: Vec<_> = bytes.iter().flat_map(|byte| stage.receive(&[*byte])).collect();
    assert_eq!(events, [pong(b"yes"), text("ab")]);
    assert_eq!(stage.write(), answer(PONG, b"there?"));
    assert_eq!(stage.connection.buffered(), 0);
}

#[test]
fn pongs_for_a_peer_that_does_not_read_are_bounded() {
    let mut stage = Stage::new();
    let ping = frame(PING, &[7; 125]);
    for _ in 0..10_000 {
        stage.receive(&ping);
        assert!(stage.connection.pending() <= 16 * 1024);
    }
    // As it reads, it is answered again, and the queue still does not grow.
    for _ in 0..10_000 {
        stage.write_some(100, 4);
        stage.receive(&ping);
        assert!(stage.connection.pending() <= 16 * 1024);
    }
}

#[test]
fn the_last_of_many_pings_is_answered_and_pongs_stay_whole() {
    for read_between in [0, 1, 129, 300] {
        let mut stage = Stage::new();
        let mut written = Vec::new();
        for number in 0..2_000_u32 {
            stage.receive(&frame(PING, &number.to_be_bytes().repeat(25)));
            written.extend(stage.write_some(read_between, 4));
        }
        written.extend(stage.write());
        let pongs: Vec<&[u8]> = written.chunks(102).collect();
        let mut numbers = pongs.iter().map(|pong| {
            let number = u32::from_be_bytes(pong[2..6].try_into().unwrap());
            assert_eq!(pong, &answer(PONG, &number.to_be_bytes().repeat(25)));
            number
        });
        assert!(numbers.clone().is_sorted(), "in their order");
        assert_eq!(numbers.next_back(), Some(1_999), "{read_between} bytes read of each");
    }
}

#[test]
fn a_changed_limit_holds_for_the_next_frame() {
    let mut stage = Stage::with(&Config { max_message_size: 4, ..CONFIG });
    stage.connection.set_max_message_size(5);
    assert_eq!(stage.receive(&frame(FIN | TEXT, b"Hello")), [text("Hello")]);
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Connection>() <= 512, "{}", size_of::<Connection>());
    assert_eq!(Stage::new().connection.buffered(), 0);
}
