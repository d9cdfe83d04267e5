//! Groups of connections: one message for many, and what becomes of members that do not read.

mod support;

use std::time::Instant;

use stagedoor_server::{ConnectionId, Dropped, Event, GroupId, Kind, Opened, Server, Settings};
use support::{Client, Events, PATIENCE, listen};

fn publish(server: &Server, group: GroupId, text: &str, droppable: bool) {
    server.publish(group, Kind::Text, text.as_bytes(), droppable);
}

fn send(server: &Server, to: &(ConnectionId, Opened), text: &str) {
    server.send(to.0, &to.1.account, Kind::Text, text.as_bytes(), false).expect("sent");
}

fn dropped(events: &mut Events<'_>, whom: ConnectionId) -> Dropped {
    events.next(|event| match event {
        Event::Dropped(id, dropped) if *id == whom => Some(*dropped),
        _ => None,
    })
}

/// Sends until the client's socket takes no more; returns how many messages that took.
fn block(server: &Server, to: &(ConnectionId, Opened)) -> usize {
    let text = "x".repeat(1 << 20);
    let end = Instant::now() + PATIENCE;
    let mut sent = 0;
    loop {
        send(server, to, &text);
        sent += 1;
        // Written, or waiting without progress while another round trip goes by.
        let before = to.1.account.queued();
        let mut other = Client::connect(server.address());
        other.write_frame(9, b"ping");
        assert_eq!(other.frame(), (10, b"ping".to_vec()));
        if before > 0 && to.1.account.queued() == before {
            return sent;
        }
        assert!(Instant::now() < end, "the socket takes everything");
    }
}

#[test]
fn members_get_what_is_published_and_others_do_not() {
    let server = listen(Settings::default());
    let mut events = Events::of(&server);
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect(server.address())).collect();
    let ids: Vec<_> = clients.iter().map(|client| events.opened(client).0).collect();
    let [group, other] = [(); 2].map(|()| server.open_group());
    publish(&server, group, "nobody is here", true);
    server.join_group(group, ids[0]);
    server.join_group(group, ids[0]);
    server.join_group(group, ids[1]);
    server.join_group(other, ids[2]);
    publish(&server, group, "one", true);
    publish(&server, group, "two", false);
    server.leave_group(group, ids[0]);
    server.leave_group(group, ids[2]);
    publish(&server, group, "three", true);
    server.close_group(group);
    server.join_group(group, ids[0]);
    publish(&server, group, "gone", true);
    server.broadcast(Kind::Text, b"end");
    for (client, expected) in clients.iter_mut().zip([
        &["one", "two", "end"][..],
        &["one", "two", "three", "end"],
        &["end"],
    ]) {
        for text in expected {
            assert_eq!(client.text(), *text);
        }
    }
}

#[test]
fn joining_and_publishing_keep_their_order_with_sends() {
    let server = listen(Settings::default());
    let mut client = Client::connect(server.address());
    let connection = Events::of(&server).opened(&client);
    let group = server.open_group();
    for round in 0..100 {
        send(&server, &connection, &format!("before {round}"));
        server.join_group(group, connection.0);
        publish(&server, group, &format!("in {round}"), round % 2 == 0);
        server.leave_group(group, connection.0);
        publish(&server, group, "missed", true);
        send(&server, &connection, &format!("after {round}"));
    }
    for round in 0..100 {
        for part in ["before", "in", "after"] {
            assert_eq!(client.text(), format!("{part} {round}"));
        }
    }
}

#[test]
fn a_member_that_does_not_read_gets_the_newest_after_its_answers_and_the_others_all() {
    let server = listen(Settings::default());
    let mut events = Events::of(&server);
    let mut slow = Client::connect(server.address());
    let behind = events.opened(&slow);
    let mut fast = Client::connect(server.address());
    let other = events.opened(&fast);
    let [a, b] = [(); 2].map(|()| server.open_group());
    for group in [a, b] {
        server.join_group(group, behind.0);
        server.join_group(group, other.0);
    }
    publish(&server, a, "a1", true);
    assert_eq!(slow.text(), "a1");
    let sent = block(&server, &behind);
    let queued = behind.1.account.queued();
    for number in 2..=1000 {
        publish(&server, a, &format!("a{number}"), true);
    }
    publish(&server, b, "b1", true);
    for number in 1..=1000 {
        assert_eq!(fast.text(), format!("a{number}"));
    }
    assert_eq!(fast.text(), "b1");
    assert_eq!(behind.1.account.queued(), queued, "what is kept is in no queue");
    send(&server, &behind, "answer");
    for _ in 0..sent {
        assert_eq!(slow.text().len(), 1 << 20);
    }
    for expected in ["answer", "a1000", "b1"] {
        assert_eq!(slow.text(), expected);
    }
    let lost = Dropped { group: a, count: 998, before: 1000 };
    assert_eq!(dropped(&mut events, behind.0), lost);
    publish(&server, a, "a1001", true);
    assert_eq!(slow.text(), "a1001");
    assert!(!events.has(|event| matches!(event, Event::Dropped(..))), "each loss is told once");
}

#[test]
fn what_is_not_droppable_is_queued_behind_what_was_kept_and_lost_when_the_queue_is_full() {
    let settings = Settings { max_send_queue: 64 << 20, ..Settings::default() };
    let server = listen(settings);
    let mut events = Events::of(&server);
    let mut client = Client::connect(server.address());
    let connection = events.opened(&client);
    let group = server.open_group();
    server.join_group(group, connection.0);
    let sent = block(&server, &connection);
    publish(&server, group, "1: lost", true);
    publish(&server, group, "2: kept", true);
    publish(&server, group, "3: queued", false);
    server.publish(group, Kind::Text, &vec![b'4'; 64 << 20], false);
    publish(&server, group, "5: lost", true);
    publish(&server, group, "6: kept", true);
    for _ in 0..sent {
        client.text();
    }
    for expected in ["2: kept", "3: queued", "6: kept"] {
        assert_eq!(client.text(), expected);
    }
    let lost = Dropped { group, count: 3, before: 6 };
    assert_eq!(dropped(&mut events, connection.0), lost);
}

#[test]
fn a_member_that_closes_leaves_and_the_others_stay() {
    let server = listen(Settings::default());
    let mut events = Events::of(&server);
    let group = server.open_group();
    let mut clients: Vec<_> = (0..20)
        .map(|_| {
            let client = Client::connect(server.address());
            let (id, _) = events.opened(&client);
            server.join_group(group, id);
            (client, id)
        })
        .collect();
    for round in 0..18 {
        // The first, the last and one between leave, and another member takes the position of each.
        let at = [0, clients.len() - 1, clients.len() / 2][round % 3];
        let (client, id) = clients.remove(at);
        drop(client);
        events.closed(id);
        publish(&server, group, &format!("round {round}"), true);
        for (client, _) in &mut clients {
            assert_eq!(client.text(), format!("round {round}"));
        }
    }
}

#[test]
fn ten_thousand_groups_of_one_connection_come_and_go() {
    let server = listen(Settings::default());
    let mut events = Events::of(&server);
    let mut client = Client::connect(server.address());
    let connection = events.opened(&client);
    let groups: Vec<_> = (0..10_000).map(|_| server.open_group()).collect();
    for group in &groups {
        server.join_group(*group, connection.0);
    }
    let sent = block(&server, &connection);
    for group in &groups {
        publish(&server, *group, "lost", true);
        publish(&server, *group, "kept", true);
    }
    for _ in 0..sent {
        client.text();
    }
    for group in &groups {
        assert_eq!(client.text(), "kept");
        let lost = Dropped { group: *group, count: 1, before: 2 };
        assert_eq!(dropped(&mut events, connection.0), lost);
    }
    drop(client);
    events.closed(connection.0);
    for group in groups {
        publish(&server, group, "to nobody", true);
        server.close_group(group);
    }
    let mut after = Client::connect(server.address());
    let (id, _) = events.opened(&after);
    let group = server.open_group();
    server.join_group(group, id);
    publish(&server, group, "hello", true);
    assert_eq!(after.text(), "hello");
}
