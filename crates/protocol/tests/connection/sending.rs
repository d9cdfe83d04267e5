//! What is queued is written in order, whatever the transport takes at once.

use std::io::IoSlice;
use std::sync::Arc;

use stagedoor_protocol::{Frame, Kind, encode_frame};

use crate::support::*;

/// How many slices show what waits.
fn slices(stage: &Stage) -> usize {
    stage.connection.transmit(&mut [IoSlice::new(&[]); 64])
}

#[test]
fn small_messages_share_a_slice() {
    let mut stage = Stage::new();
    for _ in 0..100 {
        stage.connection.send(Kind::Text, b"small");
    }
    assert_eq!(slices(&stage), 1);
    assert_eq!(stage.write(), answer(FIN | TEXT, b"small").repeat(100));
}

#[test]
fn a_slice_of_small_messages_ends_near_64_kib() {
    let mut stage = Stage::new();
    for _ in 0..2000 {
        stage.connection.send(Kind::Binary, &[7; 100]);
    }
    assert_eq!(slices(&stage), 4);
    assert_eq!(stage.write(), answer(FIN | BINARY, &[7; 100]).repeat(2000));
}

#[test]
fn a_large_message_has_a_slice_of_its_own() {
    let mut stage = Stage::new();
    let large = vec![7; 100_000];
    stage.connection.send(Kind::Text, b"before");
    stage.connection.send(Kind::Binary, &large);
    stage.connection.send(Kind::Text, b"after");
    assert_eq!(slices(&stage), 3);
    let before = answer(FIN | TEXT, b"before");
    let frame = [b"\x82\x7f\0\0\0\0\0\x01\x86\xa0", &large[..]].concat();
    assert_eq!(stage.write(), [before, frame, answer(FIN | TEXT, b"after")].concat());
}

#[test]
fn a_frame_of_the_sender_goes_out_as_the_message_would() {
    for size in [0, 125, 126, 65_535, 65_536, 100_000] {
        let large = vec![7; size];
        let (mut stage, mut other) = (Stage::new(), Stage::new());
        assert_eq!(Frame::new(Kind::Binary, &large).payload(), large);
        stage.connection.send(Kind::Text, b"before");
        other.connection.send(Kind::Text, b"before");
        let end = stage.connection.send_frame(Frame::new(Kind::Binary, &large));
        assert_eq!(end, other.connection.send(Kind::Binary, &large));
        stage.connection.send(Kind::Text, b"after");
        other.connection.send(Kind::Text, b"after");
        assert_eq!(stage.write(), other.write());
    }
}

#[test]
fn a_frame_after_our_close_is_ignored() {
    let mut stage = Stage::new();
    stage.connection.close(1000, "", stage.now);
    stage.connection.send_frame(Frame::new(Kind::Text, b"too late"));
    assert_eq!(stage.write(), close_answer(1000, ""));
}

#[test]
fn an_encoded_frame_is_shared_if_large_and_copied_if_small() {
    let mut stage = Stage::new();
    let small = encode_frame(Kind::Text, b"small");
    let large = encode_frame(Kind::Binary, &[7; 8192]);
    stage.connection.send_encoded(&small);
    let end = stage.connection.send_encoded(&large);
    stage.connection.send_encoded(&small);
    assert_eq!((Arc::strong_count(&small), Arc::strong_count(&large)), (1, 2));
    assert_eq!(end, (small.len() + large.len()) as u64);
    assert_eq!(stage.write(), [&small[..], &large, &small].concat());
    assert_eq!(Arc::strong_count(&large), 1);
}

#[test]
fn the_position_counts_data_and_nothing_else() {
    let mut stage = Stage::new();
    let first = stage.connection.send(Kind::Text, b"first");
    stage.receive(&frame(PING, b"?"));
    let second = stage.connection.send(Kind::Text, b"second");
    assert_eq!((first, second), (7, 15));
    assert_eq!(stage.connection.pending(), 15 + 3);
    // The pong is first.
    for (limit, position) in [(3, 0), (6, 6), (1, 7), (7, 14), (9, 15)] {
        stage.write_some(limit, 4);
        assert_eq!(stage.connection.data_position(), position);
    }
    assert_eq!(stage.connection.pending(), 0);
}

#[test]
fn control_frames_pass_data_that_waits_but_not_data_that_is_begun() {
    let mut stage = Stage::new();
    stage.connection.send(Kind::Text, b"first");
    stage.receive(&frame(PING, b"a"));
    assert_eq!(stage.write_some(4, 4), [&answer(PONG, b"a")[..], b"\x81"].concat());
    stage.connection.send(Kind::Text, b"second");
    stage.receive(&frame(PING, b"b"));
    stage.connection.ping(b"c");
    let expected = [
        &b"\x05first"[..],
        &answer(PONG, b"b"),
        &answer(PING, b"c"),
        &answer(FIN | TEXT, b"second"),
    ];
    assert_eq!(stage.write(), expected.concat());
}

#[test]
fn a_busy_connection_cannot_hold_a_control_frame_back() {
    let mut stage = Stage::new();
    stage.connection.send(Kind::Text, &[b'x'; 100]);
    stage.write_some(1, 1);
    stage.connection.ping(b"");
    let mut written = Vec::new();
    for _ in 0..3 {
        stage.connection.send(Kind::Text, &[b'x'; 100]);
        written.extend(stage.write_some(101, 8));
    }
    assert_eq!(written[101..103], *b"\x89\x00");
}

#[test]
fn a_long_ping_is_cut_to_what_a_control_frame_holds() {
    let mut stage = Stage::new();
    stage.connection.ping(&[7; 200]);
    assert_eq!(stage.write(), answer(PING, &[7; 125]));
}

#[test]
fn an_empty_array_of_slices_takes_nothing() {
    let mut stage = Stage::new();
    stage.connection.send(Kind::Text, b"x");
    assert_eq!(stage.connection.transmit(&mut []), 0);
    assert_eq!(stage.write(), b"\x81\x01x");
}
