//! Frames that break the protocol fail the connection with the right close code.

use stagedoor_protocol::ProtocolError as E;
use stagedoor_protocol::{Config, Event, State};

use crate::support::*;

/// The bytes fail the connection at their last byte, not before, in every split.
fn assert_fails(bytes: &[u8], error: E) {
    for split in 0..=bytes.len() {
        let mut stage = Stage::new();
        let (left, right) = bytes.split_at(split);
        let mut events = stage.receive(left);
        events.extend(stage.receive(right));
        assert_eq!(events.last(), Some(&Event::Failed(error)), "{bytes:x?} split at {split}");
        assert_eq!(stage.connection.state(), State::Closed);
        assert_eq!(stage.connection.buffered(), 0);
        assert_eq!(stage.receive(&frame(FIN | TEXT, b"later")), []);
        let written = stage.write();
        assert!(written.ends_with(&close_answer(error.code(), error.reason())), "{written:x?}");
        assert!(stage.connection.is_finished());
    }
    let mut stage = Stage::new();
    let events = stage.receive(&bytes[..bytes.len() - 1]);
    assert!(!events.iter().any(|event| matches!(event, Event::Failed(_))), "{bytes:x?}");
}

/// Like [`assert_fails`], for several frames.
fn assert_fail(frames: &[&[u8]], error: E) {
    assert_fails(&frames.concat(), error);
}

#[test]
fn malformed_headers() {
    for reserved in [0x40, 0x20, 0x10] {
        for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
            assert_fails(&[FIN | reserved | opcode, 0x80], E::ReservedBits);
        }
        assert_fail(&[&frame(TEXT, b"a"), &[reserved, 0x80]], E::ReservedBits);
    }
    for opcode in (3..=7).chain(11..=15) {
        assert_fails(&[FIN | opcode, 0x80], E::ReservedOpcode);
    }
    assert_fails(b"\x81\x00", E::Unmasked);
    assert_fails(b"\x81\x7e", E::Unmasked);
    assert_fails(b"\x89\x05", E::Unmasked);
    assert_fails(b"\x81\xfe\x00\x7d", E::NonMinimalLength);
    assert_fails(b"\x81\xff\0\0\0\0\0\0\xff\xff", E::NonMinimalLength);
    assert_fails(b"\x09\x80", E::FragmentedControl);
    assert_fails(b"\x89\xfe", E::LongControl);
    assert_fails(b"\x88\xff", E::LongControl);
}

#[test]
fn frames_out_of_order() {
    assert_fails(b"\x80\x80mask", E::StrayContinuation);
    assert_fails(b"\x00\x80mask", E::StrayContinuation);
    assert_fail(&[&frame(FIN | TEXT, b"a"), b"\x80\x81mask"], E::StrayContinuation);
    assert_fail(&[&frame(TEXT, b"a"), &frame(FIN, b"b"), b"\x80\x81mask"], E::StrayContinuation);
    assert_fail(&[&frame(TEXT, b"a"), b"\x81\x81mask"], E::Interleaved);
    assert_fail(&[&frame(BINARY, b""), b"\x02\x80mask"], E::Interleaved);
}

#[test]
fn whole_short_frames_are_checked_like_cut_ones() {
    let receive =
        |bytes: &[u8]| Stage::with(&Config { max_message_size: 4, ..CONFIG }).receive(bytes);
    let interleaved = [frame(TEXT, b"a"), frame(PING, b""), frame(FIN | TEXT, b"b")].concat();
    assert_eq!(receive(&interleaved), [Event::Failed(E::Interleaved)]);
    assert_eq!(receive(&frame(FIN | TEXT, b"hello")), [Event::Failed(E::MessageTooBig)]);
    assert_eq!(receive(&frame(FIN | TEXT, b"\xff")), [Event::Failed(E::InvalidUtf8)]);
    assert_eq!(receive(b"\x81\x01_____a"), [Event::Failed(E::Unmasked)]);
}

#[test]
fn lengths_over_the_limit_are_refused_from_the_header_alone() {
    for length in [65536, 1 << 32, 1 << 40, 1 << 63, u64::MAX] {
        for opcode in [FIN | TEXT, BINARY] {
            let header = [&[opcode, 0xff], &length.to_be_bytes()[..], b"mask"].concat();
            assert_fails(&header, E::MessageTooBig);
        }
    }
    assert_fails(b"\x82\xfe\x03\xe9mask", E::MessageTooBig);
    let mut stage = Stage::new();
    assert_eq!(stage.receive(&frame(FIN | BINARY, &[7; 1000])), [binary(&[7; 1000])]);
}

#[test]
fn the_limit_holds_for_the_sum_of_the_fragments() {
    let first = frame(BINARY, &[7; 999]);
    assert_fail(&[&first, b"\x80\x82mask"], E::MessageTooBig);
    assert_fail(&[&first, &frame(0, b"7"), b"\x00\x81mask"], E::MessageTooBig);
    assert_fail(&[&first, b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xffmask"], E::MessageTooBig);
    let mut stage = Stage::new();
    assert_eq!(stage.receive(&[first, frame(FIN, b"\x07")].concat()), [binary(&[7; 1000])]);
}

#[test]
fn too_many_fragments_are_refused_empty_ones_counted() {
    for payload in [&b""[..], b"x"] {
        let fragments = frame(CONTINUATION, payload).repeat(7);
        let next = &frame(FIN, payload)[..6];
        assert_fail(&[&frame(TEXT, payload), &fragments, next], E::TooManyFragments);
        let mut stage = Stage::new();
        let allowed = [&frame(TEXT, payload)[..], &fragments[..fragments.len() / 7 * 6]].concat();
        assert_eq!(stage.receive(&allowed), []);
        let payload = str::from_utf8(payload).unwrap();
        assert_eq!(stage.receive(&frame(FIN, payload.as_bytes())), [text(&payload.repeat(8))]);
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_at_its_first_impossible_byte() {
    // A message whose frame is incomplete: what has arrived decides.
    let long =
        |text: &[u8]| frame(FIN | TEXT, &[text, &[b'x'; 500]].concat())[..8 + text.len()].to_vec();
    for text in [&b"ok \xff"[..], b"\xc0", b"\xe0\x80", b"\xed\xa0", b"\xf4\x90", b"\xf0\x9f\xa5x"]
    {
        assert_fails(&long(text), E::InvalidUtf8);
        // The last byte comes in a fragment of its own.
        let (last, before) = text.split_last().unwrap();
        let fragments = [frame(TEXT, before), frame(0, b""), frame(0, &[*last])];
        assert_fails(&fragments.concat(), E::InvalidUtf8);
    }
    // A character that the message's end cuts.
    assert_fails(&frame(FIN | TEXT, b"\xf0\x9f\xa5"), E::InvalidUtf8);
    assert_fail(&[&frame(TEXT, b"\xf0\x9f"), &frame(FIN, b"\xa5")], E::InvalidUtf8);
    assert_fail(&[&frame(TEXT, b"\xce"), &frame(FIN, b"")[..6]], E::InvalidUtf8);
}

#[test]
fn a_character_may_be_cut_anywhere() {
    let message = "\u{3ba}\u{1f95d}\u{20ac}";
    for at in 0..=message.len() {
        let (left, right) = message.as_bytes().split_at(at);
        let mut stage = Stage::new();
        let events = stage.receive(&[frame(TEXT, left), frame(FIN, right)].concat());
        assert_eq!(events, [text(message)]);
    }
    let mut stage = Stage::new();
    assert_eq!(stage.receive(&frame(FIN | BINARY, b"\xff\xfe")), [binary(b"\xff\xfe")]);
}

#[test]
fn malformed_close_frames() {
    assert_fails(&frame(CLOSE, b"\x03"), E::TruncatedCloseCode);
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        assert_fails(&close_frame(code, ""), E::InvalidCloseCode);
    }
    assert_fails(&frame(CLOSE, b"\x03\xe8\xce"), E::InvalidUtf8);
    assert_fails(&frame(CLOSE, b"\x03\xe8ok\xed\xa0\x80"), E::InvalidUtf8);
}

#[test]
fn the_codes() {
    assert_eq!(E::ReservedBits.code(), 1002);
    assert_eq!(E::InvalidUtf8.code(), 1007);
    assert_eq!(E::TooManyFragments.code(), 1008);
    assert_eq!(E::MessageTooBig.code(), 1009);
}

#[test]
fn a_failure_keeps_what_is_begun_and_drops_what_waits() {
    let mut stage = Stage::new();
    stage.connection.send(stagedoor_protocol::Kind::Text, b"begun");
    assert_eq!(stage.write_some(3, 4), b"\x81\x05b");
    stage.connection.send(stagedoor_protocol::Kind::Text, b"waits");
    let error = E::Unmasked;
    let bytes = [&frame(PING, b"?")[..], b"\x81\x00"].concat();
    assert_eq!(stage.receive(&bytes), [Event::Failed(error)]);
    let close = close_answer(error.code(), error.reason());
    assert_eq!(stage.write(), [b"egun", &answer(PONG, b"?")[..], &close].concat());
    assert_eq!(stage.connection.data_position(), 7);
    assert!(stage.connection.is_finished());
}
