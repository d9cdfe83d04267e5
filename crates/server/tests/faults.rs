//! A system that fails. Whatever goes wrong, messages arrive whole, in order and once, or the
//! connection ends, once. Nothing is left behind, and nothing spins.

mod support;

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::StreamOwned;
use rustls::version::{TLS12, TLS13};
use stagedoor_server::faults::{Faults, Plan, Sums};
use stagedoor_server::{Account, Batch, ConnectionId, Event, Kind, Server, Settings};
use support::secure::{handshake, secure};
use support::{CLOSE, Client, Kept, PATIENCE, TEXT, UPGRADE, listen_with};

const CLIENTS: usize = 4;
const MESSAGES: usize = 24;
/// Messages that a client sends before it reads their echoes.
const WINDOW: usize = 6;

const LETTERS: &[u8; 23] = b"abcdefghijklmnopqrstuvw";

/// How many seeds each plan is run with: more in `make fuzz`.
fn seeds() -> u64 {
    std::env::var("FAULT_SEEDS").map_or(3, |count| count.parse().expect("FAULT_SEEDS: a number"))
}

/// What a client says: it is different for each, and in each place of it.
fn message(client: usize, number: usize, largest: usize) -> String {
    let length = (client * 7919 + number * 104_729) % largest;
    let letters = (0..length).map(|at| char::from(LETTERS[(at * 7 + number) % LETTERS.len()]));
    format!("{client} {number} ").chars().chain(letters).collect()
}

/// What the program knows of a connection.
struct Known {
    account: Arc<Account>,
    client: usize,
    /// Messages that have come, and those sent with a receipt.
    received: usize,
    asked: usize,
    receipts: usize,
    closed: Option<(u16, Option<String>)>,
}

/// A program that echoes, and checks all that it gets.
struct Echo<'a> {
    server: &'a Server,
    /// It leads while it waits.
    leads: bool,
    largest: usize,
    connections: HashMap<ConnectionId, Known>,
    kept: Kept,
}

impl Echo<'_> {
    /// Handles what comes until the condition holds.
    fn run_until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + PATIENCE * 3;
        let mut batch = Batch::default();
        while !condition(self) {
            assert!(Instant::now() < end, "in vain: {what}");
            let nap = Duration::from_millis(5);
            if self.leads {
                self.server.lead(nap)
            } else {
                self.server.wait(nap)
            };
            self.server.take(&mut batch);
            self.server.begin();
            for event in &batch.events {
                self.handle(event, &batch.arena);
            }
            self.server.end();
            self.kept.keep(&batch.events);
            self.kept.handle_all(self.server);
            batch.clear();
        }
    }

    fn handle(&mut self, event: &Event, arena: &[u8]) {
        match event {
            Event::Opened(id, opened) => {
                let account = Arc::clone(&opened.account);
                let (client, received, asked, receipts) = (0, 0, 0, 0);
                let known = Known { account, client, received, asked, receipts, closed: None };
                assert!(self.connections.insert(*id, known).is_none(), "opened twice");
            }
            Event::Message(id, _, range) => self.receive(*id, &arena[range.clone()]),
            Event::LargeMessage(id, _, payload) => self.receive(*id, payload),
            Event::Sent(id, count) => {
                let known = self.open(*id);
                known.receipts += count;
                assert!(known.receipts <= known.asked, "more receipts than messages");
            }
            Event::Failed(id, _) => _ = self.open(*id),
            Event::Closed(id, closed) => {
                let end = (closed.code, closed.error.clone());
                self.open(*id).closed = Some(end);
            }
            other => panic!("unexpected: {other:?}"),
        }
    }

    fn open(&mut self, id: ConnectionId) -> &mut Known {
        let known = self.connections.get_mut(&id).expect("it was opened");
        assert_eq!(known.closed, None, "nothing comes after the end");
        known
    }

    fn receive(&mut self, id: ConnectionId, payload: &[u8]) {
        let largest = self.largest;
        let text = str::from_utf8(payload).expect("text");
        let known = self.open(id);
        if known.received == 0 {
            let number = text.split(' ').next().and_then(|client| client.parse().ok());
            known.client = number.unwrap_or_else(|| panic!("{text:.40}, {} B", text.len()));
        }
        assert!(text == message(known.client, known.received, largest), "{text:.20}");
        let receipt = known.received.is_multiple_of(3);
        known.received += 1;
        known.asked += usize::from(receipt);
        let account = Arc::clone(&known.account);
        // It may have ended meanwhile.
        let _ = self.server.send(id, &account, Kind::Text, payload, receipt);
    }
}

/// A client's whole life; an error is the end of its connection.
fn talk(
    address: SocketAddr,
    is_secure: bool,
    client: usize,
    largest: usize,
    window: usize,
) -> io::Result<()> {
    if !is_secure {
        return converse(Client::try_connect(address)?, client, largest, window);
    }
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let version = if client.is_multiple_of(2) { &TLS12 } else { &TLS13 };
    let stream = StreamOwned::new(handshake(version), stream);
    converse(Client::over(stream, address.port(), UPGRADE)?, client, largest, window)
}

fn converse<S: Read + Write>(
    mut connection: Client<S>,
    client: usize,
    largest: usize,
    window: usize,
) -> io::Result<()> {
    assert_eq!(connection.status(), 101);
    for first in (0..MESSAGES).step_by(window) {
        for number in first..first + window {
            let text = message(client, number, largest);
            connection.try_write_frame(TEXT, text.as_bytes())?;
        }
        for number in first..first + window {
            let (opcode, payload) = connection.try_frame()?;
            assert_eq!(opcode, TEXT);
            assert!(payload == message(client, number, largest).into_bytes(), "echo {number}");
        }
    }
    connection.try_write_frame(CLOSE, &1000_u16.to_be_bytes())?;
    assert_eq!(connection.try_frame()?, (CLOSE, 1000_u16.to_be_bytes().to_vec()));
    Ok(())
}

/// Clients talk to a server whose system fails like this; returns how many came through.
fn run(plan: Plan, settings: &Settings, seed: u64, largest: usize) -> usize {
    let faults = Faults::new(plan, seed);
    let is_secure = settings.tls.is_some();
    let settings = Settings { close_timeout: Duration::from_secs(60), ..settings.clone() };
    let server = listen_with(&faults, settings);
    let address = server.address();
    let leads = !seed.is_multiple_of(2);
    let connections = HashMap::new();
    let mut echo = Echo { server: &server, leads, largest, connections, kept: Kept::default() };
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            std::thread::spawn(move || talk(address, is_secure, client, largest, WINDOW).is_ok())
        })
        .collect();
    echo.run_until("the clients end", |_| clients.iter().all(JoinHandle::is_finished));
    let through = clients.into_iter().filter_map(|client| client.join().ok()).filter(|ok| *ok);
    let through = through.count();
    echo.run_until("every connection ends, and leaves nothing", |echo| {
        echo.connections.values().all(|known| known.closed.is_some())
            && faults.sums() == Sums::default()
    });
    let well = echo.connections.values().filter(|known| known.closed == Some((1000, None)));
    let mut whole = 0;
    for known in well {
        assert_eq!(known.receipts, known.asked, "what was sent before the end has its receipt");
        whole += usize::from(known.received == MESSAGES);
    }
    assert!(whole >= through, "{whole} of {through} came through");
    assert!(faults.injected() > 0, "nothing went wrong");
    let (calls, turns) = faults.calls_and_turns();
    let wake_ups = (CLIENTS * MESSAGES) as u64;
    assert!(turns <= calls + wake_ups, "{turns} turns for {calls} calls");
    faults.set(Plan::default());
    let healthy = std::thread::spawn(move || talk(address, is_secure, CLIENTS, largest, WINDOW));
    echo.run_until("a healthy client is served", |_| healthy.is_finished());
    healthy.join().expect("no panic").expect("served as ever");
    through
}

fn everybody_comes_through(plan: Plan, largest: usize) {
    for settings in [Settings::default(), secure()] {
        for seed in 0..seeds() {
            let through = run(plan, &settings, seed, largest);
            assert_eq!(through, CLIENTS, "seed {seed}, {:?}", settings.tls);
        }
    }
}

/// One message at a time, which the program reads and answers itself.
#[test]
fn a_program_that_leads_meets_the_same_faults() {
    let mut calls = 0;
    for would_block in [0, 60] {
        for settings in [Settings::default(), secure()] {
            let plan = Plan { short: 60, interrupted: 60, would_block, ..Plan::default() };
            let faults = Faults::new(plan, 1);
            let is_secure = settings.tls.is_some();
            let server = listen_with(&faults, settings);
            let largest = 3000;
            let connections = HashMap::new();
            let mut echo =
                Echo { server: &server, leads: true, largest, connections, kept: Kept::default() };
            let address = server.address();
            let client = std::thread::spawn(move || talk(address, is_secure, 0, largest, 1));
            echo.run_until("the client ends", |_| client.is_finished());
            client.join().expect("no panic").expect("served");
            echo.run_until("its connection ends", |_| faults.sums() == Sums::default());
            calls += faults.calls_of_the_program();
        }
    }
    assert!(calls > 0, "the network thread did it all");
}

#[test]
fn one_byte_at_a_time() {
    everybody_comes_through(Plan { one_byte: 255, ..Plan::default() }, 300);
}

#[test]
fn short_reads_and_writes() {
    everybody_comes_through(Plan { short: 255, ..Plan::default() }, 50_000);
}

#[test]
fn a_storm_of_would_block() {
    everybody_comes_through(Plan { would_block: 200, ..Plan::default() }, 50_000);
}

#[test]
fn interrupted_calls() {
    everybody_comes_through(Plan { interrupted: 200, ..Plan::default() }, 50_000);
}

#[test]
fn no_descriptors_and_connections_that_are_gone_before_they_are_accepted() {
    let plan = Plan { interrupted: 50, no_descriptors: 128, aborted: 128, ..Plan::default() };
    everybody_comes_through(plan, 1000);
}

#[test]
fn everything_that_passes_at_once() {
    let plan = Plan {
        one_byte: 30,
        short: 60,
        would_block: 60,
        interrupted: 60,
        no_descriptors: 60,
        aborted: 60,
        broken: 0,
    };
    everybody_comes_through(plan, 50_000);
}

#[test]
fn connections_that_break() {
    // On a busy machine there may be no more than some hundred calls in all.
    let plan = Plan { short: 60, would_block: 30, broken: 8, ..Plan::default() };
    for settings in [Settings::default(), secure()] {
        let through: usize = (0..seeds()).map(|seed| run(plan, &settings, seed, 50_000)).sum();
        assert!(through < CLIENTS * usize::try_from(seeds()).expect("few"), "none broke");
    }
}
