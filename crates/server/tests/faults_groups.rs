//! What is published in a system that fails: in order, once, and what is lost is counted.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use stagedoor_server::faults::{Faults, Plan, Sums};
use stagedoor_server::{ConnectionId, Event, Kind, Server, Settings};
use support::{Client, Events, listen_with};

const MEMBERS: usize = 3;
const PUBLISHED: u64 = 400;

/// The numbers that came, up to the last one.
fn read(mut client: Client) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&PUBLISHED) {
        let text = client.text();
        let (number, filler) = text.split_once(' ').expect("a number");
        let number: u64 = number.parse().expect("a number");
        assert_eq!(filler, filler_of(number));
        numbers.push(number);
    }
    numbers
}

fn filler_of(number: u64) -> String {
    let length = usize::try_from(number * 7919 % 20_000).expect("small");
    char::from(b'a' + u8::try_from(number % 26).expect("a letter")).to_string().repeat(length)
}

fn lost(events: &mut Events<'_>) -> HashMap<ConnectionId, u64> {
    let mut lost = HashMap::new();
    while events.has(|event| matches!(event, Event::Dropped(..))) {
        let (id, dropped) = events.next(|event| match event {
            Event::Dropped(id, dropped) => Some((*id, *dropped)),
            _ => None,
        });
        *lost.entry(id).or_default() += dropped.count;
    }
    lost
}

/// Returns how many messages were lost.
fn publish(server: &Server, seed: u64, faults: &Faults) -> u64 {
    let mut events = Events::of(server);
    let clients: Vec<_> = (0..MEMBERS).map(|_| Client::connect(server.address())).collect();
    let group = server.open_group();
    let ids: Vec<_> = clients.iter().map(|client| events.opened(client).0).collect();
    for id in &ids {
        server.join_group(group, *id);
    }
    let readers: Vec<_> =
        clients.into_iter().map(|client| std::thread::spawn(|| read(client))).collect();
    let must_come = |number: u64| number.is_multiple_of(10);
    for number in 1..=PUBLISHED {
        let text = format!("{number} {}", filler_of(number));
        server.publish(group, Kind::Text, text.as_bytes(), !must_come(number));
    }
    let received: Vec<_> =
        readers.into_iter().map(|reader| reader.join().expect("whole")).collect();
    for id in &ids {
        events.closed(*id);
    }
    let lost = lost(&mut events);
    for (numbers, id) in received.iter().zip(&ids) {
        assert!(numbers.is_sorted_by(|one, next| one < next), "seed {seed}: {numbers:?}");
        assert_eq!(numbers.iter().filter(|number| must_come(**number)).count(), 40);
        let lost = lost.get(id).copied().unwrap_or(0);
        assert_eq!(numbers.len() as u64 + lost, PUBLISHED, "seed {seed}");
    }
    server.broadcast(Kind::Text, b"one turn more");
    let end = std::time::Instant::now() + support::PATIENCE;
    while faults.sums() != Sums::default() {
        assert!(std::time::Instant::now() < end, "left behind: {:?}", faults.sums());
        std::thread::sleep(Duration::from_millis(1));
    }
    lost.values().sum()
}

#[test]
fn members_get_everything_in_order_or_are_told_how_much_they_lost() {
    let plan =
        Plan { short: 100, would_block: 100, interrupted: 30, one_byte: 10, ..Plan::default() };
    let mut lost = 0;
    for seed in 0..8 {
        let faults = Faults::new(plan, seed);
        let server = listen_with(&faults, Settings::default());
        lost += publish(&server, seed, &faults);
    }
    assert!(lost > 0, "nobody was ever behind");
}
