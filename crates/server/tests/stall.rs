//! A program that does not poll, and what the network thread says of it.

mod support;

use std::time::{Duration, Instant};

use stagedoor_server::{GroupId, Notice, Server, Settings};
use support::{Client, Events, PATIENCE, listen};

const THRESHOLD: Duration = Duration::from_millis(50);

fn notice(group: GroupId) -> Notice {
    let pieces = ["{\"n\":", ",\"t\":", ",\"f\":", ",\"for\":", ",\"where\":", "}"];
    Notice { group, pieces: pieces.map(|piece| piece.as_bytes().to_vec()) }
}

/// A client that is in a group for which a notice was left.
fn member(server: &Server) -> (Client, GroupId) {
    let client = Client::connect(server.address());
    let (id, _) = Events::of(server).opened(&client);
    let group = server.open_group();
    server.join_group(group, id);
    server.set_stall_notices(vec![notice(group)], Box::new(|| 1200));
    (client, group)
}

#[test]
fn the_watch_returns_when_nobody_has_polled_for_so_long_and_not_before() {
    // Longer than a busy machine keeps this thread from polling.
    const THRESHOLD: Duration = Duration::from_millis(500);
    let server = listen(Settings::default());
    std::thread::scope(|scope| {
        let began = Instant::now();
        let mut polled = began;
        let watch = scope.spawn(|| server.wait_stalled(THRESHOLD));
        while began.elapsed() < 2 * THRESHOLD {
            assert!(!watch.is_finished(), "somebody polls");
            polled = Instant::now();
            server.attend();
            std::thread::sleep(THRESHOLD / 50);
        }
        assert!(watch.join().expect("no panic"));
        assert!(server.stalled_for() >= THRESHOLD);
        assert!(polled.elapsed() >= THRESHOLD);
    });
    #[cfg(unix)]
    assert!(server.attendant().is_some());
}

#[test]
fn the_wait_for_its_end_ends_with_an_event_a_poll_and_the_time() {
    let server = listen(Settings::default());
    assert!(server.wait_stalled(THRESHOLD));
    assert_eq!(server.wait_back(Duration::ZERO), None);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| server.wait_back(PATIENCE));
        let _client = Client::connect(server.address());
        assert_eq!(waiter.join().expect("no panic"), None, "something has come");
    });
    server.attend();
    let (total, is_back) = server.wait_back(PATIENCE).expect("over");
    assert!(total >= THRESHOLD && is_back);
    assert!(server.is_attended());
}

#[test]
fn a_server_that_ends_while_it_is_stalled_is_not_back() {
    let server = listen(Settings::default());
    assert!(server.wait_stalled(THRESHOLD));
    server.join();
    assert!(server.wait_back(PATIENCE).is_some_and(|(_, is_back)| !is_back));
}

#[test]
fn ending_the_watch_or_the_server_ends_both_waits() {
    let server = listen(Settings::default());
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| server.wait_stalled(PATIENCE));
        server.end_watch();
        assert!(!watch.join().expect("no panic"));
    });
    assert!(server.wait_back(PATIENCE).is_some());
    let server = listen(Settings::default());
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| server.wait_stalled(PATIENCE));
        server.stop();
        assert!(!watch.join().expect("no panic"));
    });
}

#[test]
fn the_network_thread_speaks_when_the_watch_does_not() {
    let server = listen(Settings::default());
    let (mut client, group) = member(&server);
    server.publish(group, stagedoor_server::Kind::Text, b"first", true);
    assert_eq!(client.text(), "first");
    assert!(server.wait_stalled(THRESHOLD));
    let text = client.text();
    assert!(text.starts_with("{\"n\":2,\"t\":"), "{text}");
    assert!(text.ends_with(",\"where\":null}"), "{text}");
    assert!(text.contains(",\"f\":1200,"), "{text}");
    let stalled = text.split(",\"for\":").nth(1).and_then(|rest| rest.split(',').next());
    assert!(stalled.and_then(|seconds| seconds.parse::<f64>().ok()).expect("seconds") >= 0.05);
    assert_eq!(server.acknowledge_stall(), [group]);
    assert_eq!(server.acknowledge_stall(), [], "told once");
}

#[test]
fn the_network_thread_is_silent_when_the_watch_speaks_or_the_program_polls() {
    for polls in [false, true] {
        let server = listen(Settings::default());
        let (mut client, group) = member(&server);
        assert!(server.wait_stalled(THRESHOLD));
        if polls {
            server.attend();
        } else {
            assert_eq!(server.acknowledge_stall(), []);
        }
        // By then it would have spoken.
        std::thread::sleep(Duration::from_millis(600));
        server.publish(group, stagedoor_server::Kind::Text, b"next", true);
        assert_eq!(client.text(), "next");
    }
}
