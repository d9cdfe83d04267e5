//! A connection with and without compression: any bytes in any pieces.
//!
//! An input is one byte that chooses the terms, and then what the client sends.

use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use stagedoor_protocol::{Compression, Connection, Event, Kind, ProtocolError, State};

use crate::deflating::*;
use crate::memory::measured;
use crate::mutation::mutated;
use crate::support::*;
use crate::target::{Target, piece_sizes};

/// What the client offers, by the input's first byte; `None`: no compression.
const TERMS: [Option<&str>; 4] = [
    None,
    Some("permessage-deflate"),
    Some("permessage-deflate; client_no_context_takeover; server_no_context_takeover"),
    Some("permessage-deflate; client_max_window_bits; server_max_window_bits=9"),
];

/// The most memory that a connection may take: the control frames that wait, 16 KiB, and the
/// message, each twice while it grows, and what decompressing takes, twice as well.
const MAX_HELD: usize = 3 * 16 * 1024 + 4 * CONFIG.max_message_size + 2 * 48 * 1024;
/// The most that all allocations together may be, for each byte received and each byte of a
/// message: a constant, so that the work is linear.
const MAX_TOTAL_PER_BYTE: usize = 48;

fn terms_of(input: &[u8]) -> Option<&'static str> {
    TERMS[usize::from(input.first().copied().unwrap_or_default()) % TERMS.len()]
}

fn stage(terms: Option<&str>) -> Stage {
    terms.map_or_else(Stage::new, |offer| Stage::with_deflate(&CONFIG, offer))
}

fn check(input: &[u8]) {
    let (terms, bytes) = (terms_of(input), input.get(1..).unwrap_or_default());
    let mut whole = stage(terms);
    let events = whole.receive(bytes);
    let written = whole.write();
    for sizes in [&piece_sizes(input)[..], &[1]] {
        let mut stage = stage(terms);
        assert_eq!(stage.receive_in_pieces(bytes, sizes), events, "in pieces of {sizes:?}");
        assert_eq!(stage.write(), written, "in pieces of {sizes:?}");
        assert_eq!(stage.connection.state(), whole.connection.state());
    }
    check_events(&events, &written, &whole);
    if whole.connection.state() == State::Closed {
        assert_eq!(whole.receive(&[frame(PING, b"?"), frame(FIN | TEXT, b"?")].concat()), []);
        assert!(whole.connection.is_finished(), "nothing is written after the close frame");
        assert_eq!(whole.connection.buffered(), 0);
    }
    check_memory(terms, bytes, &events);
}

/// Checks that there are only documented events, in a documented order, with the right answers.
fn check_events(events: &[Event<'_>], written: &[u8], whole: &Stage) {
    let mut closed_with = None;
    for event in events {
        assert!(closed_with.is_none(), "something after the end: {events:?}");
        match event {
            Event::Message { kind, payload } => {
                assert!(payload.len() <= CONFIG.max_message_size);
                assert!(*kind == Kind::Binary || str::from_utf8(payload).is_ok());
            }
            Event::Pong { payload } => assert!(payload.len() <= 125),
            Event::Closed { code, .. } => closed_with = Some(*code),
            Event::Failed(error) => {
                assert!(ProtocolError::ALL.contains(error));
                closed_with = Some(error.code());
            }
        }
    }
    assert_eq!(closed_with.is_some(), whole.connection.state() == State::Closed);
    let mut answers = frames(written);
    if let Some(code) = closed_with {
        let (first, payload) = answers.pop().expect("a close frame");
        let sent = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
        assert_eq!((first, sent), (CLOSE, code));
    }
    assert!(answers.iter().all(|(first, payload)| *first == PONG && payload.len() <= 125));
}

fn check_memory(terms: Option<&str>, bytes: &[u8], events: &[Event<'_>]) {
    let received = events.iter().map(|event| match event {
        Event::Message { payload, .. } => payload.len(),
        _ => 0,
    });
    // A message that is too big or incomplete may take as much as a complete one.
    let size = bytes.len() + received.sum::<usize>() + 2 * CONFIG.max_message_size;
    for piece in [bytes.len().max(1), 1] {
        let mut bytes = bytes.to_vec();
        let now = Instant::now();
        let deflate = terms.map(|offer| {
            Compression::new(100, 100).accept(&request(offer)).expect("an acceptable offer")
        });
        let mut connection = Connection::new(&CONFIG, now);
        if let Some(deflate) = deflate {
            connection = connection.with_deflate(deflate);
        }
        let memory = measured(|| {
            for part in bytes.chunks_mut(piece) {
                connection.receive(part, now).for_each(drop);
            }
        });
        assert!(memory.peak <= MAX_HELD, "{memory:?}");
        let most = MAX_HELD + MAX_TOTAL_PER_BYTE * size;
        assert!(memory.total <= most, "{memory:?} for {size} bytes");
    }
}

/// What a client does, right or wrong.
#[derive(Clone, Debug)]
enum Act {
    Message {
        kind: u8,
        compress: bool,
        parts: Vec<Vec<u8>>,
        between: Option<Vec<u8>>,
    },
    /// A frame of any kind: its first byte, its payload.
    Frame(u8, Vec<u8>),
    /// A header of any kind: its length may lie, its mask be missing, its payload be elsewhere.
    Header(u8, u8, Vec<u8>),
    Close(u16, Vec<u8>),
    /// A compressed message that becomes this many bytes.
    Bomb(usize),
    /// A compressed message made of blocks, which no compressor made.
    Blocks(Vec<Vec<u8>>),
    Garbage(Vec<u8>),
}

/// Payloads that repeat themselves, payloads that do not, and text.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..130),
        "\\PC{0,40}".prop_map(String::into_bytes),
        (0_usize..50, 0_usize..600).prop_map(|(seed, bytes)| json(seed, bytes).into_bytes()),
        (any::<u64>(), 0_usize..600).prop_map(|(seed, bytes)| noise(seed, bytes)),
        select(&[1_usize, 124, 125, 126, 127, 999, 1000, 1001][..]).prop_map(|n| vec![b'x'; n]),
    ]
}

/// Empty blocks of all kinds, a kind that there is not, and one letter.
const BLOCKS: [&[u8]; 6] = [b"\0", b"\x02\0", b"\x03\0", b"\0\0\0\xff\xff", b"\x06", b"\x4a\x04\0"];

/// Blocks of deflate: stored, empty ones of both kinds, final, cut short, and nonsense.
fn block() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (any::<bool>(), vec(any::<u8>(), 0..40)).prop_map(|(is_final, data)| {
            let length = u16::try_from(data.len()).unwrap().to_le_bytes();
            let check = length.map(|byte| !byte);
            [&[u8::from(is_final)], &length[..], &check, &data].concat()
        }),
        select(&BLOCKS[..]).prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..20),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let first = select(
        &[0_u8, 1, 2, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc0, 0xc1, 0xc2, 0x41, 0x42, 0xc8][..],
    );
    let code =
        prop_oneof![select(&[1000_u16, 1001, 1005, 1006, 1015, 3000, 4999][..]), any::<u16>()];
    let reason = prop_oneof![
        "\\PC{0,20}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..10),
        (118_usize..128).prop_map(|length| vec![b'x'; length]),
    ];
    let parts = prop_oneof![
        4 => vec(payload(), 1..4),
        1 => vec(vec(any::<u8>(), 0..3), 1..12),
    ];
    let between = prop::option::of(vec(any::<u8>(), 0..20));
    prop_oneof![
        8 => (select(&[TEXT, BINARY][..]), any::<bool>(), parts, between).prop_map(
            |(kind, compress, parts, between)| Act::Message { kind, compress, parts, between }
        ),
        3 => (prop_oneof![first.clone(), any::<u8>()], payload())
            .prop_map(|(first, payload)| Act::Frame(first, payload)),
        1 => (prop_oneof![first, any::<u8>()], any::<u8>(), vec(any::<u8>(), 0..30))
            .prop_map(|(first, second, rest)| Act::Header(first, second, rest)),
        1 => (code, reason).prop_map(|(code, reason)| Act::Close(code, reason)),
        1 => prop_oneof![900_usize..1100, 0_usize..200_000].prop_map(Act::Bomb),
        2 => vec(block(), 0..6).prop_map(Act::Blocks),
        1 => vec(any::<u8>(), 0..30).prop_map(Act::Garbage),
    ]
}

/// The input of these acts.
fn input(terms: u8, acts: &[Act]) -> Vec<u8> {
    let mut input = vec![terms];
    let offer = terms_of(&input);
    let mut peer = Peer::new(offer.unwrap_or_default());
    for act in acts {
        match act {
            Act::Message { kind, compress, parts, between } => {
                let compress = *compress && offer.is_some();
                for (at, part) in parts.iter().enumerate() {
                    let is_last = at + 1 == parts.len();
                    let fin = if is_last { FIN } else { 0 };
                    let rsv1 = if compress && at == 0 { RSV1 } else { 0 };
                    let first = if at > 0 { fin } else { fin | rsv1 | kind };
                    if compress {
                        input.extend(frame(first, &peer.compress_part(part, is_last)));
                    } else {
                        input.extend(frame(first, part));
                    }
                    if let Some(payload) = between.as_ref().filter(|_| !is_last) {
                        input.extend(frame(PING, payload));
                    }
                }
            }
            Act::Frame(first, payload) => input.extend(frame(*first, payload)),
            Act::Header(first, second, rest) => {
                input.extend([*first, *second]);
                input.extend(rest);
            }
            Act::Close(code, reason) => {
                input.extend(frame(CLOSE, &[&code.to_be_bytes(), &reason[..]].concat()));
            }
            Act::Bomb(bytes) => {
                input.extend(frame(FIN | RSV1 | BINARY, &peer.compress(&vec![0; *bytes])));
            }
            Act::Blocks(blocks) => input.extend(frame(FIN | RSV1 | BINARY, &blocks.concat())),
            Act::Garbage(bytes) => input.extend(bytes),
        }
    }
    input
}

#[test]
fn frames_of_any_kind_in_any_pieces() {
    let target = Target::new("frames");
    let structured =
        || (any::<u8>(), vec(act(), 0..7)).prop_map(|(terms, acts)| input(terms, &acts));
    let inputs = prop_oneof![5 => structured(), 3 => mutated(&target.corpus)];
    target.run(&inputs, check);
}
