//! What must hold for any bytes in any pieces.

use proptest::collection::vec;
use proptest::prelude::*;
use stagedoor_protocol::{Event, Kind, State, encode_frame};

use crate::support::*;

/// What a client does: a message in fragments, or a control frame.
#[derive(Clone, Debug)]
enum Act {
    Message { kind: Kind, fragments: Vec<Vec<u8>>, pings: bool },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn text_fragments() -> impl Strategy<Value = Vec<Vec<u8>>> {
    ("\\PC{0,40}", vec(any::<prop::sample::Index>(), 0..4)).prop_map(|(text, cuts)| {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let mut fragments = Vec::new();
        let mut begin = 0;
        for cut in cuts {
            fragments.push(text.as_bytes()[begin..cut].to_vec());
            begin = cut;
        }
        fragments.push(text.as_bytes()[begin..].to_vec());
        fragments
    })
}

fn act() -> impl Strategy<Value = Act> {
    let message = |kind| {
        move |(fragments, pings): (Vec<Vec<u8>>, bool)| Act::Message { kind, fragments, pings }
    };
    let binary = vec(vec(any::<u8>(), 0..150), 1..4);
    prop_oneof![
        (text_fragments(), any::<bool>()).prop_map(message(Kind::Text)),
        (binary, any::<bool>()).prop_map(message(Kind::Binary)),
        vec(any::<u8>(), 0..=125).prop_map(Act::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Act::Pong),
    ]
}

/// The bytes of the acts, the events they must give, and what must be answered.
fn script(acts: &[Act]) -> (Vec<u8>, Vec<Event<'static>>, Vec<u8>) {
    let (mut wire, mut events, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for act in acts {
        match act {
            Act::Message { kind, fragments, pings } => {
                let whole = fragments.concat();
                for (at, fragment) in fragments.iter().enumerate() {
                    let first = match (at, kind) {
                        (0, Kind::Text) => TEXT,
                        (0, Kind::Binary) => BINARY,
                        _ => CONTINUATION,
                    };
                    let fin = if at + 1 == fragments.len() { FIN } else { 0 };
                    wire.extend(frame(fin | first, fragment));
                    if *pings && fin == 0 {
                        wire.extend(frame(PING, b"?"));
                        answers.extend(answer(PONG, b"?"));
                    }
                }
                events.push(match kind {
                    Kind::Text => text(str::from_utf8(&whole).unwrap()),
                    Kind::Binary => binary(&whole),
                });
            }
            Act::Ping(payload) => {
                wire.extend(frame(PING, payload));
                answers.extend(answer(PONG, payload));
            }
            Act::Pong(payload) => {
                wire.extend(frame(PONG, payload));
                events.push(pong(payload));
            }
        }
    }
    wire.extend(close_frame(1000, "done"));
    events.push(closed(1000, "done"));
    answers.extend(close_answer(1000, ""));
    (wire, events, answers)
}

/// Bytes that are often almost a frame.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let almost = (any::<u8>(), vec(any::<u8>(), 0..140), any::<prop::sample::Index>(), any::<u8>())
        .prop_map(|(first, payload, at, byte)| {
            let mut bytes = frame(first & 0x8f, &payload);
            let at = at.index(bytes.len() * 4);
            if let Some(changed) = bytes.get_mut(at) {
                *changed = byte;
            }
            bytes
        });
    vec(prop_oneof![3 => almost, 1 => vec(any::<u8>(), 0..30)], 0..8)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn every_split_of_a_valid_stream_gives_the_same_events(
        acts in vec(act(), 0..5), sizes in vec(1_usize..200, 1..8),
    ) {
        let (wire, events, answers) = script(&acts);
        for sizes in [&sizes[..], &[1], &[usize::MAX]] {
            let mut stage = Stage::new();
            prop_assert_eq!(&stage.receive_in_pieces(&wire, sizes), &events);
            prop_assert_eq!(&stage.write(), &answers);
            prop_assert!(stage.connection.is_finished());
            prop_assert_eq!(stage.connection.buffered(), 0);
        }
    }

    #[test]
    fn any_bytes_in_any_pieces_end_in_the_same_documented_events(
        bytes in garbage(), sizes in vec(1_usize..50, 1..8),
    ) {
        let mut whole = Stage::new();
        let events = whole.receive(&bytes);
        let written = whole.write();
        for sizes in [&sizes[..], &[1]] {
            let mut stage = Stage::new();
            prop_assert_eq!(&stage.receive_in_pieces(&bytes, sizes), &events);
            prop_assert_eq!(&stage.write(), &written);
            prop_assert_eq!(stage.connection.state(), whole.connection.state());
            prop_assert!(stage.connection.buffered() <= 2 * CONFIG.max_message_size);
        }
        let is_last = |event: &Event<'_>| matches!(event, Event::Closed { .. } | Event::Failed(_));
        let ended = events.iter().position(is_last);
        prop_assert!(ended.is_none_or(|at| at + 1 == events.len()));
        prop_assert_eq!(ended.is_some(), whole.connection.state() == State::Closed);
        for event in &events {
            if let Event::Message { kind: Kind::Text, payload } = event {
                prop_assert!(str::from_utf8(payload).is_ok());
            }
        }
    }

    #[test]
    fn partial_writes_of_any_size_give_the_same_bytes(
        messages in vec((any::<bool>(), 0_usize..6, 0_usize..40_000), 1..10),
        limits in vec((500_usize..50_000, 1_usize..5), 1..8),
    ) {
        let mut stage = Stage::new();
        let mut expected = Vec::new();
        let mut end = 0;
        for (at, &(encoded, small, large)) in messages.iter().enumerate() {
            let length = if at % 3 == 0 { large } else { small };
            let payload = vec![u8::try_from(at).unwrap(); length];
            let frame = encode_frame(Kind::Binary, &payload);
            expected.extend_from_slice(&frame);
            end = if encoded {
                stage.connection.send_encoded(&frame)
            } else {
                stage.connection.send(Kind::Binary, &payload)
            };
        }
        stage.connection.close(1000, "", stage.now);
        expected.extend(close_answer(1000, ""));
        let mut written = Vec::new();
        for &(limit, slices) in limits.iter().cycle() {
            prop_assert_eq!(stage.connection.pending(), expected.len() - written.len());
            if stage.connection.pending() == 0 {
                break;
            }
            written.extend(stage.write_some(limit, slices));
            prop_assert_eq!(stage.connection.data_position(), end.min(written.len() as u64));
        }
        prop_assert!(written == expected, "the bytes differ");
    }

    #[test]
    fn frames_stay_whole_whatever_is_queued_between_partial_writes(
        steps in vec((0_usize..4, 0_usize..300, 0_usize..400), 1..40),
    ) {
        let mut stage = Stage::new();
        let (mut written, mut messages, mut pings) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (what, length, limit)) in steps.into_iter().enumerate() {
            let payload = vec![u8::try_from(at).unwrap(); length];
            match what {
                0 => {
                    pings.push(payload[..length.min(125)].to_vec());
                    stage.connection.ping(&payload);
                }
                1 => {
                    stage.connection.send_encoded(&encode_frame(Kind::Binary, &payload));
                    messages.push(payload);
                }
                _ => {
                    stage.connection.send(Kind::Binary, &payload);
                    messages.push(payload);
                }
            }
            written.extend(stage.write_some(limit, 3));
        }
        written.extend(stage.write());
        prop_assert_eq!(unframed(&written), (messages, pings));
    }
}

/// The messages and pings in what a server wrote.
fn unframed(mut bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut messages, mut pings) = (Vec::new(), Vec::new());
    while let [first, length, rest @ ..] = bytes {
        let (length, rest) = match (length, rest) {
            (126, [high, low, rest @ ..]) => (u16::from_be_bytes([*high, *low]), rest),
            _ => (u16::from(*length), rest),
        };
        let (payload, later) = rest.split_at(length.into());
        let list = if *first == PING { &mut pings } else { &mut messages };
        list.push(payload.to_vec());
        bytes = later;
    }
    (messages, pings)
}
