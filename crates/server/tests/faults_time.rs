//! Jumps of the clock, and waiting that must not be spinning.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use stagedoor_server::faults::{Faults, Plan};
use stagedoor_server::{Event, Kind, Server, Settings};
use support::{Client, Events, PATIENCE, listen_with};

const PING: u8 = 9;
const PONG: u8 = 10;
const HOURS: Duration = Duration::from_secs(5 * 3600);

/// As if the process had been stopped for hours: the network thread wakes, and the clock says so.
fn sleep_for_hours(faults: &Faults, server: &Server) {
    let (_, before) = faults.calls_and_turns();
    faults.jump(HOURS);
    let end = Instant::now() + PATIENCE;
    // A turn of the loop sees the jump before its wait or after it; the next has looked at every
    // deadline.
    while faults.calls_and_turns().1 < before + 3 {
        assert!(Instant::now() < end, "it does not wake");
        server.broadcast(Kind::Text, b"good morning");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The next frame that is not a broadcast.
fn frame(client: &mut Client) -> (u8, Vec<u8>) {
    loop {
        let (opcode, payload) = client.frame();
        if payload != b"good morning" {
            return (opcode, payload);
        }
    }
}

#[test]
fn a_peer_that_could_not_answer_while_we_slept_is_not_dropped() {
    let faults = Faults::default();
    let settings = Settings {
        ping_interval: Some(Duration::from_millis(50)),
        ping_timeout: Duration::from_secs(60),
        ..Settings::default()
    };
    let server = listen_with(&faults, settings);
    let mut events = Events::of(&server);
    let mut client = Client::connect(server.address());
    let (id, _) = events.opened(&client);
    let mut idle = Client::connect(server.address());
    let (opcode, payload) = frame(&mut client);
    assert_eq!(opcode, PING);
    sleep_for_hours(&faults, &server);
    client.write_frame(PONG, &payload);
    client.send("still here");
    events
        .next(|event| matches!(event, Event::LargeMessage(whom, ..) if *whom == id).then_some(()));
    idle.write_frame(PING, b"me too");
    loop {
        let (opcode, payload) = frame(&mut idle);
        if opcode == PONG {
            break assert_eq!(payload, b"me too");
        }
        assert_eq!(opcode, PING);
    }
    assert!(!events.has(|event| matches!(event, Event::Closed(..) | Event::Failed(..))));
}

#[test]
fn neither_is_one_at_its_handshake_nor_one_that_is_to_take_data() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut events = Events::of(&server);
    let mut slow = Client::connect(server.address());
    let (id, opened) = events.opened(&slow);
    let mut beginner = TcpStream::connect(server.address()).expect("connected");
    beginner.write_all(b"GET / HTTP/1.1\r\n").expect("written");
    let text = "x".repeat(15 << 20);
    server.send(id, &opened.account, Kind::Text, text.as_bytes(), true).expect("room");
    // After another client's round trip, the earlier ones are known and have got all that they
    // take.
    drop(Client::connect(server.address()));
    sleep_for_hours(&faults, &server);
    let port = server.address().port();
    let rest = format!("Host: 127.0.0.1:{port}\r\n\r\n");
    beginner.write_all(rest.as_bytes()).expect("written");
    let mut answer = [0; 12];
    beginner.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(slow.text().len(), text.len());
    events.next(|event| matches!(event, Event::Sent(whom, 1) if *whom == id).then_some(()));
}

#[test]
fn deadlines_hold_after_a_jump_as_before() {
    let faults = Faults::default();
    let settings = Settings {
        ping_interval: Some(Duration::from_millis(20)),
        ping_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let server = listen_with(&faults, settings);
    sleep_for_hours(&faults, &server);
    let silent = Client::connect(server.address());
    let mut events = Events::of(&server);
    let (id, _) = events.opened(&silent);
    let (code, error) = events.closed(id);
    assert_eq!((code, error.as_deref()), (1006, Some("the peer did not answer a ping in time")));
}

#[test]
fn without_descriptors_it_waits_instead_of_asking_again_and_again() {
    let plan = Plan { no_descriptors: 255, ..Plan::default() };
    let faults = Faults::new(plan, 0);
    let server = listen_with(&faults, Settings::default());
    let began = Instant::now();
    let waiting = TcpStream::connect(server.address()).expect("connected");
    let end = Instant::now() + PATIENCE;
    while faults.injected() < 5 {
        assert!(Instant::now() < end, "it does not try again");
        std::thread::sleep(Duration::from_millis(1));
    }
    let (calls, turns) = faults.calls_and_turns();
    let pauses = began.elapsed().as_millis() / 100;
    assert!(u128::from(calls) <= pauses + 2, "{calls} calls in {pauses} pauses");
    assert!(turns <= calls + 2, "{turns} turns for {calls} calls");
    faults.set(Plan::default());
    Client::connect(server.address());
    drop(waiting);
}

#[test]
fn peers_that_take_no_data_cost_no_turns() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut events = Events::of(&server);
    let blocked: Vec<_> = (0..5).map(|_| Client::connect(server.address())).collect();
    let text = vec![b'x'; 8 << 20];
    for client in &blocked {
        let (id, opened) = events.opened(client);
        server.send(id, &opened.account, Kind::Text, &text, false).expect("room");
    }
    let mut healthy = Client::connect(server.address());
    let mut round_trip = || {
        healthy.write_frame(PING, b"x");
        assert_eq!(healthy.frame(), (PONG, b"x".to_vec()));
    };
    round_trip();
    let (_, before) = faults.calls_and_turns();
    for _ in 0..50 {
        round_trip();
    }
    let (_, after) = faults.calls_and_turns();
    assert!(after - before <= 4 * 50, "{} turns for 50 pings", after - before);
}
