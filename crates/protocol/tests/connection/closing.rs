//! The closing handshake, from either side.

use std::time::Duration;

use stagedoor_protocol::{Event, Kind, ProtocolError, State, Timeout};

use crate::support::*;

#[test]
fn the_peers_close_is_answered_with_its_code() {
    for code in [1000, 1001, 1003, 1007, 1014, 3000, 4401, 4999] {
        let mut stage = Stage::new();
        assert_eq!(stage.receive(&close_frame(code, "bye")), [closed(code, "bye")]);
        assert_eq!(stage.connection.state(), State::Closed);
        assert!(!stage.connection.is_finished());
        assert_eq!(stage.write(), close_answer(code, ""));
        assert!(stage.connection.is_finished());
        assert_eq!(stage.connection.deadline(), None);
    }
}

#[test]
fn a_close_without_a_code_is_1005_and_answered_without_one() {
    let mut stage = Stage::new();
    assert_eq!(stage.receive(&frame(CLOSE, b"")), [closed(1005, "")]);
    assert_eq!(stage.write(), b"\x88\x00");
}

#[test]
fn what_comes_after_a_close_is_ignored() {
    let mut stage = Stage::new();
    let bytes = [close_frame(1000, ""), frame(FIN | TEXT, b"late"), b"\xff\xff".to_vec()].concat();
    assert_eq!(stage.receive(&bytes), [closed(1000, "")]);
    assert_eq!(stage.receive(&frame(PING, b"late")), []);
    assert_eq!(stage.write(), close_answer(1000, ""));
}

#[test]
fn data_that_waits_goes_before_the_answer_to_a_close() {
    let mut stage = Stage::new();
    stage.connection.send(Kind::Text, b"last");
    stage.receive(&close_frame(1000, ""));
    assert_eq!(stage.write(), [answer(FIN | TEXT, b"last"), close_answer(1000, "")].concat());
}

#[test]
fn our_close_goes_behind_the_data_and_ends_with_the_peers() {
    let mut stage = Stage::new();
    let end = stage.connection.send(Kind::Text, b"last");
    stage.connection.close(4000, "enough", stage.now);
    stage.connection.close(4001, "again", stage.now);
    assert_eq!(stage.connection.state(), State::Closing);
    assert_eq!(stage.connection.send(Kind::Text, b"late"), end);
    stage.connection.ping(b"late");
    let expected = [answer(FIN | TEXT, b"last"), close_answer(4000, "enough")].concat();
    assert_eq!(stage.write(), expected);
    assert!(!stage.connection.is_finished());
    // The peer may still send, but is not answered behind our close.
    let bytes = [frame(FIN | TEXT, b"one more"), frame(PING, b"?")].concat();
    assert_eq!(stage.receive(&bytes), [text("one more")]);
    assert_eq!(stage.receive(&close_frame(4000, "")), [closed(4000, "")]);
    assert_eq!(stage.write(), b"");
    assert!(stage.connection.is_finished());
}

#[test]
fn a_ping_before_our_close_has_begun_is_still_answered() {
    let mut stage = Stage::new();
    stage.connection.close(1000, "", stage.now);
    stage.receive(&frame(PING, b"?"));
    assert_eq!(stage.write(), [answer(PONG, b"?"), close_answer(1000, "")].concat());
}

#[test]
fn a_peer_that_does_not_answer_our_close_is_given_up() {
    let mut stage = Stage::new();
    stage.connection.close(1001, "", stage.now);
    stage.write();
    assert_eq!(stage.sleep(), CONFIG.close_timeout);
    assert_eq!(stage.handle_timeout(), Some(Timeout::Close));
    assert_eq!(stage.handle_timeout(), None);
    assert!(stage.connection.is_finished());
}

#[test]
fn a_peer_that_does_not_read_our_last_bytes_is_given_up() {
    for last in [close_frame(1000, ""), b"\xff\xff".to_vec()] {
        let mut stage = Stage::new();
        stage.receive(&last);
        assert_eq!(stage.sleep(), CONFIG.close_timeout);
        assert_eq!(stage.handle_timeout(), Some(Timeout::Close));
        assert!(stage.connection.is_finished());
        assert_eq!(stage.connection.pending(), 0);
    }
}

#[test]
fn the_close_timeout_runs_from_the_first_close() {
    let mut stage = Stage::new();
    stage.connection.close(1000, "", stage.now);
    stage.now += Duration::from_secs(1);
    stage.connection.close(1000, "", stage.now);
    stage.receive(&close_frame(1000, ""));
    assert_eq!(stage.sleep(), Duration::from_secs(1));
}

#[test]
fn a_failure_replaces_our_close_unless_it_has_begun() {
    let error = ProtocolError::Unmasked;
    let mut stage = Stage::new();
    stage.connection.send(Kind::Text, b"waits");
    stage.connection.close(1000, "", stage.now);
    assert_eq!(stage.receive(b"\x81\x00"), [Event::Failed(error)]);
    assert_eq!(stage.write(), close_answer(error.code(), error.reason()));

    let mut stage = Stage::new();
    stage.connection.close(1000, "", stage.now);
    assert_eq!(stage.write_some(1, 1), b"\x88");
    assert_eq!(stage.receive(b"\x81\x00"), [Event::Failed(error)]);
    assert_eq!(stage.write(), close_answer(1000, "")[1..]);
    assert!(stage.connection.is_finished());
}

#[test]
fn a_long_reason_is_cut_at_a_character() {
    let mut stage = Stage::new();
    stage.connection.close(1000, &"\u{20ac}".repeat(50), stage.now);
    assert_eq!(stage.write(), close_answer(1000, &"\u{20ac}".repeat(41)));
}

#[test]
fn code_1005_closes_without_a_code() {
    let mut stage = Stage::new();
    stage.connection.close(1005, "unseen", stage.now);
    assert_eq!(stage.write(), b"\x88\x00");
}
