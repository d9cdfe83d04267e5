//! A quiet peer is asked, and one that does not answer is given up.

use std::time::Duration;

use stagedoor_protocol::{Config, Kind, State, Timeout};

use crate::support::*;

#[test]
fn a_quiet_peer_is_pinged_and_its_pong_begins_a_new_interval() {
    let mut stage = Stage::new();
    for _ in 0..3 {
        assert_eq!(stage.sleep(), Duration::from_secs(20));
        assert_eq!(stage.handle_timeout(), None);
        assert_eq!(stage.write(), b"\x89\x00");
        stage.now += Duration::from_secs(9);
        assert_eq!(stage.handle_timeout(), None);
        stage.receive(&frame(PONG, b""));
    }
    assert_eq!(stage.connection.state(), State::Open);
}

#[test]
fn whatever_is_received_begins_a_new_interval() {
    let mut stage = Stage::new();
    stage.now += Duration::from_secs(15);
    stage.receive(&frame(FIN | TEXT, b"here")[..1]);
    assert_eq!(stage.sleep(), Duration::from_secs(20));
    stage.receive(b"");
    stage.handle_timeout();
    assert_eq!(stage.write(), b"\x89\x00");
}

#[test]
fn a_peer_that_does_not_answer_is_given_up() {
    let mut stage = Stage::new();
    stage.sleep();
    stage.handle_timeout();
    stage.write();
    assert_eq!(stage.sleep(), Duration::from_secs(10));
    stage.connection.send(Kind::Text, b"lost");
    assert_eq!(stage.handle_timeout(), Some(Timeout::Ping));
    assert_eq!(stage.handle_timeout(), None);
    assert!(stage.connection.is_finished());
    assert_eq!(stage.connection.deadline(), None);
    assert_eq!(stage.receive(&frame(PONG, b"")), []);
}

#[test]
fn the_time_to_answer_begins_when_the_ping_is_written() {
    let mut stage = Stage::new();
    stage.connection.send(Kind::Text, b"a long answer to a slow reader");
    stage.write_some(5, 1);
    stage.sleep();
    stage.handle_timeout();
    assert_eq!(stage.connection.deadline(), None);
    stage.now += Duration::from_secs(60);
    stage.write_some(5, 1);
    assert_eq!(stage.connection.deadline(), None);
    stage.write();
    assert_eq!(stage.sleep(), Duration::from_secs(10));
}

#[test]
fn an_early_call_does_nothing() {
    let mut stage = Stage::new();
    stage.now += Duration::from_secs(19);
    assert_eq!(stage.handle_timeout(), None);
    assert_eq!(stage.connection.pending(), 0);
}

#[test]
fn without_an_interval_nobody_is_asked() {
    let stage = Stage::with(&Config { ping_interval: None, ..CONFIG });
    assert_eq!(stage.connection.deadline(), None);
}
