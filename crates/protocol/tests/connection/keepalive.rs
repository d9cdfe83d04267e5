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

#[test]
fn ten_pings_a_second_are_each_answered_and_of_more_the_newest_at_a_time() {
    let mut stage = Stage::with(&Config { max_pings: 10, ..CONFIG });
    let ask = |number: u8| frame(PING, &[number]);
    let answer = |number: u8| vec![0x80 | PONG, 1, number];
    for _ in 0..3 {
        stage.receive(&(0..10).flat_map(ask).collect::<Vec<u8>>());
        assert_eq!(stage.write(), (0..10).flat_map(answer).collect::<Vec<u8>>());
        stage.receive(&(10..20).flat_map(ask).collect::<Vec<u8>>());
        assert_eq!(stage.write(), answer(19));
        stage.receive(&ask(20));
        assert_eq!(stage.write(), answer(20));
        stage.now += Duration::from_millis(999);
        stage.receive(&[ask(21), ask(22)].concat());
        assert_eq!(stage.write(), answer(22));
        stage.now += Duration::from_millis(1);
    }
    let mut flood: Vec<u8> = (0..100_000_u32).flat_map(|_| ask(1)).collect();
    let last = flood.len() - 1;
    flood.truncate(last); // it ends in the midst of a ping
    stage.receive(&flood);
    assert_eq!(stage.write(), answer(1).repeat(11));
}
