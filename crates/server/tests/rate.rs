//! A connection that brings more messages than `max_messages_per_second` is read when it is due:
//! nothing is refused or lost, and others do not wait.

mod support;

use std::io::Write;
use std::net::Shutdown;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use stagedoor_server::faults::Faults;
use stagedoor_server::{Account, Batch, ConnectionId, Event, Kind, Server, Settings};
use support::secure::{handshake, secure};
use support::{Client, Kept, PATIENCE, TEXT, UPGRADE, dial, listen, listen_with, masked};

const PING: u8 = 9;
const PONG: u8 = 10;

fn settings(per_second: u64) -> Settings {
    Settings { max_messages_per_second: NonZeroU64::new(per_second), ..Settings::default() }
}

/// A program that writes down what comes, and when.
struct Program<'a> {
    server: &'a Server,
    /// Takes the network thread's turns, if it may.
    leads: bool,
    accounts: Vec<(ConnectionId, Arc<Account>)>,
    heard: Vec<(ConnectionId, String, Instant)>,
    closed: Vec<u16>,
    kept: Kept,
}

impl<'a> Program<'a> {
    fn of(server: &'a Server) -> Self {
        let (accounts, heard, closed) = (Vec::new(), Vec::new(), Vec::new());
        Self { server, leads: false, accounts, heard, closed, kept: Kept::default() }
    }

    fn serve(&mut self) {
        if self.leads {
            self.server.lead(Duration::from_millis(50));
        } else {
            self.server.wait(Duration::from_millis(50));
        }
        let mut batch = Batch::default();
        self.server.take(&mut batch);
        self.server.begin();
        let now = Instant::now();
        for event in &batch.events {
            match event {
                Event::Opened(id, opened) => {
                    self.accounts.push((*id, Arc::clone(&opened.account)));
                }
                Event::Message(id, _, range) => {
                    let text = String::from_utf8(batch.arena[range.clone()].to_vec());
                    self.heard.push((*id, text.expect("text"), now));
                    if self.leads {
                        let account = &self.accounts.iter().find(|(other, _)| other == id);
                        let (_, account) = account.expect("it is open");
                        let _ = self.server.send(*id, account, Kind::Text, b"yes", false);
                    }
                }
                Event::LargeMessage(id, _, payload) => {
                    let text = String::from_utf8(payload.clone());
                    self.heard.push((*id, text.expect("text"), now)); // it came in two reads
                }
                Event::Closed(_, closed) => self.closed.push(closed.code),
                _ => {}
            }
        }
        self.server.end();
        self.kept.keep(&batch.events);
        self.kept.handle_all(self.server);
    }

    fn serve_until(&mut self, mut is_so: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < end, "in vain, {} were heard", self.heard.len());
            self.serve();
        }
    }

    fn welcome(&mut self) -> (Client, ConnectionId, Arc<Account>) {
        let (client, known) = (Client::connect(self.server.address()), self.accounts.len());
        self.serve_until(|program| program.accounts.len() > known);
        let (id, account) = self.accounts[known].clone();
        (client, id, account)
    }

    fn texts(&self) -> Vec<&str> {
        self.heard.iter().map(|(_, text, _)| &**text).collect()
    }
}

/// So many messages, numbered, in one write.
fn numbered(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| masked(TEXT, number.to_string().as_bytes())).collect()
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

fn write_all<S: Write + Send + 'static>(mut stream: S, bytes: Vec<u8>) -> JoinHandle<S> {
    std::thread::spawn(move || {
        stream.write_all(&bytes).expect("taken in the end");
        stream
    })
}

#[test]
fn what_is_sent_at_once_comes_in_order_and_no_faster_than_is_allowed() {
    let server = listen(settings(2000));
    let mut program = Program::of(&server);
    let (client, ..) = program.welcome();
    let began = Instant::now();
    let sender = write_all(client.stream, numbered(6000));
    program.serve_until(|program| program.heard.len() == 6000);
    // A second's worth comes at once, and what one read brings is too much.
    assert!(began.elapsed() > Duration::from_millis(800));
    assert_eq!(program.texts(), numbers(6000));
    drop(sender.join());
}

#[test]
fn with_tls_too_in_which_much_waits_that_was_read_before() {
    let server = listen(Settings { tls: secure().tls, ..settings(1000) });
    let mut program = Program::of(&server);
    let tls = handshake(&rustls::version::TLS13);
    let stream = rustls::StreamOwned::new(tls, dial(server.address()));
    let client = Client::over(stream, server.address().port(), UPGRADE).expect("a response head");
    let began = Instant::now();
    let sender = write_all(client.stream, numbered(3000));
    program.serve_until(|program| program.heard.len() == 3000);
    assert!(began.elapsed() > Duration::from_millis(800));
    assert_eq!(program.texts(), numbers(3000));
    drop(sender.join());
}

#[test]
fn others_are_heard_meanwhile_and_it_costs_no_turns() {
    let faults = Faults::default();
    let server = listen_with(&faults, settings(1));
    let mut program = Program::of(&server);
    let (flood, flooding, _) = program.welcome();
    let sender = write_all(flood.stream, numbered(20_000));
    program.serve_until(|program| program.heard.len() > 1); // which is a debt
    let (heard, turns) = (program.heard.len(), faults.calls_and_turns().1);
    std::thread::sleep(Duration::from_millis(300));
    assert!(faults.calls_and_turns().1 - turns < 10, "it sleeps");
    let (mut client, other, _) = program.welcome();
    client.send("hello");
    program.serve_until(|program| program.heard.len() > heard);
    let (whose, text, _) = &program.heard[heard];
    assert_eq!((*whose, &**text), (other, "hello"));
    assert!(program.heard[..heard].iter().all(|(whose, ..)| *whose == flooding));
    assert!(heard < 500, "a kilobyte is read, not {heard} messages");
    drop(program);
    server.join();
    drop(sender); // it fails, since nobody takes the rest
}

#[test]
fn one_a_second_is_one_a_second() {
    let server = listen(settings(1));
    let mut program = Program::of(&server);
    let (mut client, ..) = program.welcome();
    for number in 0..3 {
        client.send(&number.to_string());
        program.serve_until(|program| program.heard.len() == number + 1);
    }
    assert_eq!(program.texts(), ["0", "1", "2"]);
    let times: Vec<Instant> = program.heard.iter().map(|(_, _, at)| *at).collect();
    // The second makes no debt: the bucket is empty then.
    assert!(times[2] - times[0] > Duration::from_millis(800));
}

#[test]
fn what_the_program_adds_counts_and_pings_do_not() {
    let server = listen(settings(1000));
    let mut program = Program::of(&server);
    let (mut client, _, account) = program.welcome();
    for _ in 0..3000 {
        client.write_frame(PING, b"");
    }
    client.send("first");
    let began = Instant::now();
    program.serve_until(|program| program.heard.len() == 1);
    account.charge_messages(1999);
    client.send("second");
    program.serve_until(|program| program.heard.len() == 2);
    assert!(began.elapsed() > Duration::from_millis(800));
    while client.frame().0 != PONG {}
}

#[test]
fn a_client_in_a_closed_loop_is_served_by_a_program_that_leads() {
    let faults = Faults::default();
    let server = listen_with(&faults, settings(500));
    let mut program = Program { leads: true, ..Program::of(&server) };
    let (mut client, ..) = program.welcome();
    let began = Instant::now();
    let client = std::thread::spawn(move || {
        for number in 0..1000 {
            client.send(&number.to_string());
            assert_eq!(client.text(), "yes");
        }
    });
    program.serve_until(|_| client.is_finished());
    client.join().expect("all are answered");
    assert_eq!(program.texts(), numbers(1000));
    assert!(began.elapsed() > Duration::from_millis(800));
    assert!(faults.calls_of_the_program() > 0, "it has led");
}

#[test]
fn who_is_not_read_is_not_given_up_for_its_silence() {
    let (interval, ping_timeout) = (Duration::from_millis(50), Duration::from_millis(500));
    let server = listen(Settings { ping_interval: Some(interval), ping_timeout, ..settings(100) });
    let mut program = Program::of(&server);
    let (client, _, account) = program.welcome();
    account.charge_messages(250);
    let mut writer = client.stream.try_clone().expect("a socket");
    let reader = std::thread::spawn(move || {
        let mut client = client;
        while let Ok((opcode, payload)) = client.try_frame() {
            if opcode == PING {
                let _ = client.try_write_frame(PONG, &payload);
            }
        }
    });
    // It is in debt for a second and a half, which is longer than it may be silent.
    writer.write_all(&masked(TEXT, b"hello")).expect("written");
    program.serve_until(|program| !program.heard.is_empty());
    assert!(program.closed.is_empty());
    let _ = writer.shutdown(Shutdown::Both);
    reader.join().expect("no panic");
}

#[test]
fn a_close_of_ours_is_answered_whatever_the_debt() {
    let server = listen(settings(1));
    let mut program = Program::of(&server);
    let (mut client, id, account) = program.welcome();
    account.charge_messages(1_000_000);
    client.send("not read for days");
    server.close_connection(id, &account, 1000, "");
    assert_eq!(client.closed().0, 1000);
    program.serve_until(|program| !program.closed.is_empty());
    assert_eq!(program.closed, [1000]);
}
