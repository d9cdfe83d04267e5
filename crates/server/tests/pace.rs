//! Messages that are published at the pace at which their members read.

mod support;

use std::time::Instant;

use stagedoor_server::{Dropped, Event, GroupId, Kind, Paced, Server, Settings};
use support::{Client, Events, PATIENCE, listen};

const BINARY: u8 = 2;
const PING: u8 = 9;
const PONG: u8 = 10;

fn publish(server: &Server, group: GroupId, payload: &[u8]) -> Paced {
    server.publish_paced(group, Kind::Binary, payload)
}

/// Waits until so many members have a message still to come.
fn wait_until(paced: &Paced, waiting: usize) {
    let end = Instant::now() + PATIENCE;
    while paced.waiting() != waiting {
        assert!(Instant::now() < end, "{} instead of {waiting}", paced.waiting());
        std::thread::yield_now();
    }
}

/// The next message, and the ping behind it.
fn picture(client: &mut Client) -> (Vec<u8>, Vec<u8>) {
    let (opcode, payload) = client.frame();
    assert_eq!(opcode, BINARY);
    let (opcode, ping) = client.frame();
    assert_eq!(opcode, PING);
    (payload, ping)
}

#[test]
fn a_reader_gets_the_next_when_it_has_read_one_and_then_the_newest() {
    let server = listen(Settings::default());
    let mut events = Events::of(&server);
    let mut client = Client::connect(server.address());
    let id = events.opened(&client).0;
    let group = server.open_group();
    server.join_group(group, id);
    for number in 1..=2 {
        wait_until(&publish(&server, group, &[number]), 0);
    }
    for number in 3..=9 {
        wait_until(&publish(&server, group, &[number]), 1);
    }
    let (first, ping) = picture(&mut client);
    assert_eq!(first, [1]);
    assert_eq!(picture(&mut client).0, [2]);
    client.write_frame(PONG, &ping);
    let (newest, ping) = picture(&mut client);
    assert_eq!(newest, [9]);
    let dropped = events.next(|event| match event {
        Event::Dropped(_, dropped) => Some(*dropped),
        _ => None,
    });
    assert_eq!(dropped, Dropped { group, count: 6, before: 9 });
    let next = publish(&server, group, &[10]);
    wait_until(&next, 1);
    client.write_frame(PONG, &ping); // who has read the newest has read those before it
    assert_eq!(picture(&mut client).0, [10]);
    wait_until(&next, 0);
}

#[test]
fn a_slow_reader_slows_nobody_down_and_neither_its_other_messages() {
    let server = listen(Settings::default());
    let mut events = Events::of(&server);
    let mut slow = Client::connect(server.address());
    let mut fast = Client::connect(server.address());
    let ids = [events.opened(&slow).0, events.opened(&fast).0];
    let [pictures, telemetry] = [(); 2].map(|()| server.open_group());
    for id in ids {
        server.join_group(pictures, id);
        server.join_group(telemetry, id);
    }
    for number in 0..20 {
        publish(&server, pictures, &[number]);
        let (payload, ping) = picture(&mut fast);
        assert_eq!(payload, [number]);
        fast.write_frame(PONG, &ping);
        // The pong is read before the next message is published.
        fast.write_frame(PING, b"?");
        assert_eq!(fast.frame(), (PONG, b"?".to_vec()));
    }
    server.publish(telemetry, Kind::Text, b"rocks", true);
    assert_eq!(fast.text(), "rocks");
    assert_eq!(picture(&mut slow).0, [0]);
    assert_eq!(picture(&mut slow).0, [1]);
    assert_eq!(slow.text(), "rocks");
}

#[test]
fn other_messages_of_the_group_take_the_place_of_what_waits() {
    let server = listen(Settings::default());
    let mut client = Client::connect(server.address());
    let id = Events::of(&server).opened(&client).0;
    let group = server.open_group();
    server.join_group(group, id);
    for number in 1..=3 {
        publish(&server, group, &[number]);
    }
    server.publish(group, Kind::Text, b"no picture any more", true);
    picture(&mut client);
    let (_, ping) = picture(&mut client);
    assert_eq!(client.text(), "no picture any more");
    client.write_frame(PONG, &ping);
    publish(&server, group, &[4]);
    assert_eq!(picture(&mut client).0, [4], "3 is not told any more");
}

#[test]
fn pongs_that_nobody_asked_for_do_nothing() {
    let server = listen(Settings::default());
    let mut client = Client::connect(server.address());
    let id = Events::of(&server).opened(&client).0;
    let group = server.open_group();
    server.join_group(group, id);
    for payload in [&b""[..], b"read", &[b'r'; 125], b"read\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0"] {
        client.write_frame(PONG, payload);
    }
    for number in 1..=3 {
        publish(&server, group, &[number]);
    }
    picture(&mut client);
    picture(&mut client);
    client.write_frame(PING, b"?");
    assert_eq!(client.frame(), (PONG, b"?".to_vec()), "and not the third message");
}
