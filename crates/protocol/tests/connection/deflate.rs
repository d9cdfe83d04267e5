//! Messages that are compressed (RFC 7692 sections 6 and 7.2).

use stagedoor_protocol::ProtocolError as E;
use stagedoor_protocol::{Compression, Config, Event, Frame, Kind, encode_frame};

use crate::deflating::*;
use crate::support::*;

const OFFER: &str = "permessage-deflate";
const NO_TAKEOVER: &str =
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
/// "Hello", as RFC 7692 section 7.2.3.1 has it.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

const MIB: usize = 1024 * 1024;
const LARGE: Config = Config { max_message_size: MIB, ..CONFIG };

fn compressed(payload: &[u8]) -> Vec<u8> {
    frame(FIN | RSV1 | TEXT, payload)
}

fn failed(bytes: &[u8], offer: &str) -> E {
    let mut stage = Stage::with_deflate(&CONFIG, offer);
    let events = stage.receive(bytes);
    let [Event::Failed(error)] = events[..] else { panic!("{events:?}") };
    let close = close_answer(error.code(), error.reason());
    assert_eq!(stage.write(), close);
    assert_eq!(stage.connection.buffered(), 0);
    error
}

#[test]
fn the_examples_of_rfc_7692_section_7_2_3() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    // One block, in one frame and in two.
    assert_eq!(stage.receive(&compressed(HELLO)), [text("Hello")]);
    let fragments = [frame(RSV1 | TEXT, &HELLO[..3]), frame(FIN, &HELLO[3..])].concat();
    assert_eq!(stage.receive(&fragments), [text("Hello")]);
    // The same text again, by reference to the first.
    assert_eq!(stage.receive(&compressed(b"\xf2\x00\x11\x00\x00")), [text("Hello")]);
    // A block that is not compressed.
    let stored = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    assert_eq!(stage.receive(&compressed(stored)), [text("Hello")]);
    // A final block, then one more message.
    let last = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    assert_eq!(stage.receive(&compressed(last)), [text("Hello")]);
    assert_eq!(stage.receive(&compressed(HELLO)), [text("Hello")]);
    // Two blocks.
    let two = b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    assert_eq!(stage.receive(&compressed(two)), [text("Hello")]);
    // Nothing.
    assert_eq!(stage.receive(&compressed(b"\x00")), [text("")]);
    assert_eq!(stage.connection.buffered(), 0);
}

#[test]
fn a_final_block_may_come_anywhere() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let last = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
    let many = [last.repeat(3), HELLO.to_vec()].concat();
    assert_eq!(stage.receive(&compressed(&many)), [text(&"Hello".repeat(4))]);
    // At the end, without the empty block that should follow it.
    assert_eq!(stage.receive(&compressed(last)), [text("Hello")]);
    assert_eq!(stage.receive(&compressed(HELLO)), [text("Hello")]);
    let fragments = [frame(RSV1 | TEXT, last), frame(0, b""), frame(FIN, HELLO)].concat();
    assert_eq!(stage.receive(&fragments), [text("HelloHello")]);
    // What comes behind it does not refer to what came before.
    let reference = [&b"\xf3\x48\xcd\xc9\xc9\x07\x00"[..], b"\xf2\x00\x11\x00\x00"].concat();
    assert_eq!(failed(&compressed(&reference), OFFER), E::CorruptDeflate);
}

#[test]
fn without_takeover_nothing_refers_to_an_earlier_message() {
    let bytes = [compressed(HELLO), compressed(b"\xf2\x00\x11\x00\x00")].concat();
    let mut stage = Stage::with_deflate(&CONFIG, NO_TAKEOVER);
    assert_eq!(stage.receive(&bytes), [text("Hello"), Event::Failed(E::CorruptDeflate)]);
}

#[test]
fn control_frames_come_between_compressed_fragments() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let bytes = [frame(RSV1 | TEXT, &HELLO[..2]), frame(PING, b"?"), frame(0, &HELLO[2..2])];
    assert_eq!(stage.receive(&bytes.concat()), []);
    assert_eq!(stage.write(), answer(PONG, b"?"));
    assert_eq!(stage.receive(&frame(FIN, &HELLO[2..])), [text("Hello")]);
}

#[test]
fn messages_that_are_not_compressed_come_between() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    assert_eq!(stage.receive(&compressed(HELLO)), [text("Hello")]);
    assert_eq!(stage.receive(&frame(FIN | TEXT, b"plain")), [text("plain")]);
    let fragments = [frame(BINARY, b"plain"), frame(FIN, b"ly")].concat();
    assert_eq!(stage.receive(&fragments), [binary(b"plainly")]);
    assert_eq!(stage.receive(&compressed(b"\xf2\x00\x11\x00\x00")), [text("Hello")]);
}

#[test]
fn the_compressed_bit_has_its_place() {
    let begun = frame(RSV1 | TEXT, HELLO);
    for wrong in [
        [&begun[..], &frame(FIN | RSV1, b"")].concat(),
        [&begun[..], &frame(RSV1, b"")].concat(),
        frame(RSV1 | PING, b""),
        frame(RSV1 | PONG, b""),
        frame(RSV1 | CLOSE, b""),
        frame(FIN | RSV1 | 0x20 | TEXT, HELLO),
        frame(FIN | RSV1 | 0x10 | TEXT, HELLO),
        frame(FIN | RSV1 | 3, HELLO),
    ] {
        assert_eq!(failed(&wrong, OFFER), E::ReservedBits, "{wrong:x?}");
    }
    let mut stage = Stage::new();
    assert_eq!(stage.receive(&compressed(HELLO)), [Event::Failed(E::ReservedBits)]);
}

#[test]
fn corrupt_and_truncated_messages_are_refused() {
    for wrong in [
        &b""[..],                                        // not even the empty block
        b"\x06",                                         // a block of type 3
        b"\xf2\x48\xcd\xc9\xc9\x07",                     // without the empty block at its end
        &HELLO[..3],                                     // cut
        b"\xf2\x00\x11\x00\x00",                         // a reference to nothing
        b"\x00\x05\x00\xfa\xfe\x48\x00",                 // a length that its check denies
        b"\x00\x05\x00\xfa\xff\x48\x65",                 // cut in a block that is not compressed
        b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", // the end was sent, too
        b"\xf3\x48\xcd\xc9\xc9",                         // cut in a final block
        b"\x05\xe0\x01",                                 // cut in the lengths of codes
    ] {
        assert_eq!(failed(&compressed(wrong), OFFER), E::CorruptDeflate, "{wrong:x?}");
        let bytewise: Vec<u8> = wrong.iter().flat_map(|byte| frame(0, &[*byte])).collect();
        let begun = [&frame(RSV1 | TEXT, b"")[..], &bytewise].concat();
        let mut stage = Stage::with_deflate(&Config { max_fragments: 100, ..CONFIG }, OFFER);
        let events = stage.receive(&[&begun[..], &frame(FIN, b"")].concat());
        assert_eq!(events, [Event::Failed(E::CorruptDeflate)], "{wrong:x?}");
    }
    assert_eq!(E::CorruptDeflate.code(), 1007);
}

#[test]
fn compressed_text_is_checked_as_it_comes_out() {
    let bad = Peer::new(OFFER).compress(b"abc\xff");
    assert_eq!(failed(&compressed(&bad), OFFER), E::InvalidUtf8);
    let cut = Peer::new(OFFER).compress("abc\u{20ac}".as_bytes().split_last().unwrap().1);
    assert_eq!(failed(&compressed(&cut), OFFER), E::InvalidUtf8);
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let mut peer = Peer::new(OFFER);
    let begin = peer.compress_part(b"abc\xff", false);
    let events = stage.receive(&frame(RSV1 | TEXT, &begin));
    assert_eq!(events, [Event::Failed(E::InvalidUtf8)], "before the message's end");
}

#[test]
fn the_limit_holds_for_what_comes_out() {
    for (size, fits) in [(1000, true), (1001, false), (1_000_000, false)] {
        let message = vec![b'x'; size];
        let payload = Peer::new(OFFER).compress(&message);
        let mut stage = Stage::with_deflate(&Config { max_message_size: 1000, ..CONFIG }, OFFER);
        let events = stage.receive(&frame(FIN | RSV1 | BINARY, &payload));
        if fits {
            assert_eq!(events, [binary(&message)]);
        } else {
            assert_eq!(events, [Event::Failed(E::MessageTooBig)]);
        }
    }
    // Over fragments, too.
    let mut peer = Peer::new(OFFER);
    let first = frame(RSV1 | BINARY, &peer.compress_part(&[0; 600], false));
    let second = frame(FIN, &peer.compress_part(&[0; 401], true));
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let events = stage.receive(&[first, second].concat());
    assert_eq!(events, [Event::Failed(E::MessageTooBig)]);
}

#[test]
fn what_cannot_be_compressed_may_be_as_large_as_what_can() {
    for size in [1, 10, 999, 1000] {
        let message = noise(size as u64, size);
        let payload = Peer::new(OFFER).compress(&message);
        assert!(payload.len() > size);
        let mut stage = Stage::with_deflate(&CONFIG, OFFER);
        assert_eq!(stage.receive(&frame(FIN | RSV1 | BINARY, &payload)), [binary(&message)]);
    }
    // Each byte flushed on its own.
    let mut peer = Peer::new(OFFER);
    let message = noise(1, 8);
    let config = Config { max_message_size: 8, ..CONFIG };
    let mut stage = Stage::with_deflate(&config, OFFER);
    let mut wire = frame(RSV1 | BINARY, &peer.compress_part(&message[..1], false));
    for byte in 1..8 {
        let fin = if byte == 7 { FIN } else { 0 };
        wire.extend(frame(fin, &peer.compress_part(&message[byte..=byte], byte == 7)));
    }
    assert_eq!(stage.receive(&wire), [binary(&message)]);
}

#[test]
fn a_bomb_is_stopped_before_it_takes_memory() {
    let mut peer = Peer::new(OFFER);
    let mut stage = Stage::with_deflate(&LARGE, OFFER);
    let bomb = peer.compress_part(&vec![0; 16 * MIB], false);
    assert!(bomb.len() < 100_000);
    let wire = frame(RSV1 | BINARY, &bomb);
    let mut events = Vec::new();
    for piece in wire.chunks(100) {
        events.extend(stage.receive(piece));
        assert!(stage.connection.buffered() <= MIB);
    }
    assert_eq!(events, [Event::Failed(E::MessageTooBig)]);
}

#[test]
fn a_frame_that_is_longer_than_its_message_can_become_is_refused_before_it_comes() {
    for length in [3000_u64, 1 << 40, 1 << 63, u64::MAX] {
        let mut header = vec![FIN | RSV1 | BINARY, 0xff];
        header.extend(length.to_be_bytes());
        header.extend([0; 4]);
        if let Ok(short) = u16::try_from(length) {
            header = [&[FIN | RSV1 | BINARY, 0xfe][..], &short.to_be_bytes(), &[0; 4]].concat();
        }
        assert_eq!(failed(&header, OFFER), E::MessageTooBig);
    }
}

#[test]
fn a_million_blocks_with_nothing_in_them_are_an_empty_message() {
    let stored = b"\x00\x00\x00\xff\xff";
    let last = b"\x03\x00";
    let four_of_ten_bits = b"\x02\x08\x20\x80\x00";
    for blocks in [&stored[..], last, four_of_ten_bits] {
        let mut stage = Stage::with_deflate(&LARGE, OFFER);
        let payload = [&blocks.repeat(MIB / blocks.len())[..], b"\x00"].concat();
        assert_eq!(stage.receive(&compressed(&payload)), [text("")], "{blocks:x?}");
    }
}

// What the server sends ---------------------------------------------------------------------------

#[test]
fn messages_are_compressed_from_a_size_on_that_pays() {
    for (offer, worthwhile) in [(OFFER, 128), (NO_TAKEOVER, 256)] {
        let mut stage = Stage::with_deflate(&CONFIG, offer);
        let mut peer = Peer::new(offer);
        for size in [0, 1, 100, worthwhile - 1, worthwhile, 1000, 100_000] {
            let message = json(size, size);
            stage.connection.send(Kind::Text, message.as_bytes());
            let written = frames(&stage.write());
            let [(first, payload)] = &written[..] else { panic!("{written:?}") };
            if size < worthwhile {
                assert_eq!((*first, &payload[..]), (FIN | TEXT, message.as_bytes()));
            } else {
                assert_eq!(*first, FIN | RSV1 | TEXT);
                assert!(payload.len() < size, "{} of {size}", payload.len());
                assert_eq!(peer.decompress(payload), message.as_bytes());
            }
        }
    }
}

#[test]
fn with_takeover_a_message_refers_to_those_before() {
    let sizes = [OFFER, NO_TAKEOVER].map(|offer| {
        let mut stage = Stage::with_deflate(&CONFIG, offer);
        let mut peer = Peer::new(offer);
        let message = noise(7, 500);
        let mut sizes = Vec::new();
        for _ in 0..3 {
            stage.connection.send(Kind::Binary, &message);
            let written = frames(&stage.write());
            let (first, payload) = &written[0];
            if first & RSV1 == 0 {
                assert_eq!(payload, &message);
            } else {
                assert_eq!(peer.decompress(payload), message);
            }
            sizes.push(payload.len());
        }
        sizes
    });
    assert!(sizes[0][0] >= 500 && sizes[0][1..].iter().all(|&size| size < 50), "{sizes:?}");
    assert_eq!(sizes[1], [500; 3], "what does not shrink goes as it is");
}

#[test]
fn a_frame_of_the_sender_is_compressed_as_the_message_would_be() {
    for offer in [OFFER, NO_TAKEOVER] {
        let mut stages = [(); 2].map(|()| Stage::with_deflate(&CONFIG, offer));
        for message in [json(1, 20_000).into_bytes(), noise(7, 20_000), b"small".to_vec()] {
            stages[0].connection.send(Kind::Binary, &message);
            stages[1].connection.send_frame(Frame::new(Kind::Binary, &message));
            let [one, other] = stages.each_mut().map(Stage::write);
            assert_eq!(one, other);
        }
    }
}

#[test]
fn what_was_framed_for_many_comes_between_as_it_is() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let mut peer = Peer::new(OFFER);
    let for_all = encode_frame(Kind::Text, json(1, 500).as_bytes());
    for round in 0..5 {
        let message = json(round, 700);
        stage.connection.send_encoded(&for_all);
        stage.connection.send(Kind::Text, message.as_bytes());
        stage.connection.ping(message.as_bytes());
        let written = stage.write();
        let [(ping, _), (plain, shared), (first, payload)] = &frames(&written)[..] else {
            panic!("{written:x?}")
        };
        assert_eq!([*ping, *plain, *first], [PING, FIN | TEXT, FIN | RSV1 | TEXT]);
        assert_eq!(shared, json(1, 500).as_bytes());
        assert_eq!(peer.decompress(payload), message.as_bytes());
    }
}

#[test]
fn control_frames_are_not_compressed() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let payload = [b'x'; 125];
    stage.connection.ping(&payload);
    stage.receive(&frame(PING, &payload));
    let reason = "x".repeat(123);
    stage.connection.close(1000, &reason, stage.now);
    let expected = [answer(PING, &payload), answer(PONG, &payload), close_answer(1000, &reason)];
    assert_eq!(stage.write(), expected.concat());
}

#[test]
fn the_position_counts_what_goes_over_the_wire() {
    let mut stage = Stage::with_deflate(&CONFIG, OFFER);
    let message = json(0, 10_000);
    let position = stage.connection.send(Kind::Text, message.as_bytes());
    assert_eq!(position, stage.connection.data_end());
    assert!(position < 10_000);
    assert_eq!(stage.write().len() as u64, position);
    assert_eq!(stage.connection.data_position(), position);
    stage.connection.close(1000, "", stage.now);
    assert_eq!(stage.connection.send(Kind::Text, message.as_bytes()), position, "ignored");
}

/// Sends the same message again, and returns how long it was on the wire.
fn length_sent_again(stage: &mut Stage, peer: &mut Peer) -> usize {
    let message = json(0, 1000);
    stage.connection.send(Kind::Text, message.as_bytes());
    let written = frames(&stage.write());
    assert_eq!(peer.decompress(&written[0].1), message.as_bytes());
    written[0].1.len()
}

#[test]
fn connections_beyond_the_limit_compress_each_message_by_itself() {
    let shared = Compression::new(1, 100);
    let [mut first, mut second] = [(); 2].map(|()| Stage::compressing(&shared, &CONFIG, OFFER));
    let [mut one, mut two] = [(); 2].map(|()| Peer::new(OFFER));
    let alone = length_sent_again(&mut first, &mut one);
    assert_eq!(length_sent_again(&mut second, &mut two), alone);
    assert!(length_sent_again(&mut first, &mut one) < alone / 4);
    assert_eq!(length_sent_again(&mut second, &mut two), alone);
    // A peer that is quiet for long gives its place to another, but goes on all the same.
    first.sleep();
    assert_eq!(first.handle_timeout(), None);
    first.write();
    assert_eq!(length_sent_again(&mut second, &mut two), alone);
    assert!(length_sent_again(&mut second, &mut two) < alone / 4);
    assert_eq!(length_sent_again(&mut first, &mut one), alone);
    // A peer that is gone gives its place up, too.
    drop(second);
    assert_eq!(length_sent_again(&mut first, &mut one), alone);
    assert!(length_sent_again(&mut first, &mut one) < alone / 4);
}

#[test]
fn beyond_the_limit_clients_are_told_to_keep_no_context() {
    let shared = Compression::new(100, 1);
    let first = shared.accept(&request(OFFER)).unwrap();
    let second = shared.accept(&request(OFFER)).unwrap();
    assert!(!format!("{first:?}").contains("client_takeover: false"));
    assert!(format!("{second:?}").contains("client_takeover: false"));
    drop(second);
    assert!(format!("{:?}", shared.accept(&request(OFFER))).contains("client_takeover: false"));
    drop(first);
    assert!(format!("{:?}", shared.accept(&request(OFFER))).contains("client_takeover: true"));
}

#[test]
fn a_context_that_is_held_only_for_a_message_is_counted() {
    let mut stage = Stage::with_deflate(&CONFIG, NO_TAKEOVER);
    assert_eq!(stage.connection.buffered(), 0);
    stage.receive(&frame(RSV1 | TEXT, &HELLO[..3]));
    assert!(stage.connection.buffered() > 40_000);
    stage.receive(&frame(FIN, &HELLO[3..]));
    assert_eq!(stage.connection.buffered(), 0);
}
