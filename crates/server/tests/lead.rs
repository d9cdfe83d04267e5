//! A program that has nothing else to do takes the network thread's turns.

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, ScopedJoinHandle};
use std::time::{Duration, Instant};

use stagedoor_server::faults::Faults;
use stagedoor_server::{Account, Batch, ConnectionId, Event, Kind, Server, Settings};
use support::{Client, Events, Kept, PATIENCE, listen, listen_with};

/// A program that is away for this long loses the lead.
const LONG: Duration = Duration::from_millis(50);

/// A program that echoes.
struct Program<'a> {
    server: &'a Server,
    connections: HashMap<ConnectionId, Arc<Account>>,
    messages: usize,
    /// What ended: a connection with this code, or, without any, the server.
    ended: Vec<Option<u16>>,
    error: Option<String>,
    kept: Kept,
}

impl<'a> Program<'a> {
    fn new(server: &'a Server) -> Self {
        let (connections, ended) = (HashMap::new(), Vec::new());
        Self { server, connections, messages: 0, ended, error: None, kept: Kept::default() }
    }

    /// Waits, for this long at most, and handles what came.
    fn serve(&mut self, timeout: Duration) {
        self.server.lead(timeout);
        let mut batch = Batch::default();
        self.server.attend();
        self.server.take(&mut batch);
        self.server.begin();
        for event in &batch.events {
            match event {
                Event::Opened(id, opened) => {
                    self.connections.insert(*id, Arc::clone(&opened.account));
                }
                Event::Message(id, kind, range) => {
                    self.messages += 1;
                    let payload = &batch.arena[range.clone()];
                    // Closed meanwhile, or full.
                    let _ = self.server.send(*id, &self.connections[id], *kind, payload, false);
                }
                Event::Closed(id, closed) => {
                    self.connections.remove(id);
                    self.ended.push(Some(closed.code));
                }
                Event::Stopped(error) => {
                    self.ended.push(None);
                    self.error = error.as_deref().map(str::to_owned);
                }
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
            assert!(Instant::now() < end, "in vain");
            self.serve(Duration::from_millis(50));
        }
    }

    /// A client that this program knows.
    fn welcome(&mut self) -> Client {
        let client = Client::connect(self.server.address());
        self.serve_until(|program| !program.connections.is_empty());
        client
    }

    /// Serves somebody until this program leads.
    fn take_the_lead(&mut self, faults: &Faults) {
        let address = self.server.address();
        let is_served = Arc::new(AtomicBool::new(false));
        let is_enough = Arc::clone(&is_served);
        let client = std::thread::spawn(move || {
            let mut client = Client::connect(address);
            while !is_enough.load(Ordering::Relaxed) {
                client.send("hello");
                assert_eq!(client.text(), "hello");
            }
            client
        });
        let (calls, others) = (faults.calls_of_the_program(), self.connections.len());
        self.serve_until(|_| faults.calls_of_the_program() > calls);
        is_served.store(true, Ordering::Relaxed);
        self.serve_until(|_| client.is_finished());
        drop(client.join());
        self.serve_until(|program| program.connections.len() <= others);
        self.ended.clear();
        self.messages = 0;
    }
}

#[test]
fn a_program_that_is_always_back_does_all_of_it() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut program = Program::new(&server);
    let address = server.address();
    let client = std::thread::spawn(move || {
        let mut client = Client::connect(address);
        for number in 0..500 {
            client.send(&number.to_string());
            assert_eq!(client.text(), number.to_string());
        }
    });
    program.serve_until(|_| client.is_finished());
    client.join().expect("served");
    // There are at least two calls for each message, but a busy machine may keep a program away.
    assert!(faults.calls_of_the_program() > 200);
}

#[test]
fn a_program_that_is_not_back_loses_the_lead_and_may_have_it_again() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut program = Program::new(&server);
    for _ in 0..2 {
        program.take_the_lead(&faults);
        let calls = faults.calls_of_the_program();
        let mut client = Client::connect(server.address());
        client.write_frame(9, b"ping");
        assert_eq!(client.frame(), (10, b"ping".to_vec()));
        client.send("are you there?");
        assert_eq!(faults.calls_of_the_program(), calls);
        program.serve_until(|program| program.messages > 0);
        assert_eq!(client.text(), "are you there?");
    }
}

#[test]
fn what_another_thread_sends_goes_out_while_the_program_waits_and_while_it_is_away() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut program = Program::new(&server);
    program.take_the_lead(&faults);
    let mut client = program.welcome();
    for _ in 0..5 {
        program.take_the_lead(&faults);
        program.serve(Duration::ZERO);
        std::thread::scope(|scope| {
            scope.spawn(|| server.broadcast(Kind::Text, b"to all"));
            assert_eq!(client.text(), "to all", "nobody waits");
            let sender = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(2));
                server.broadcast(Kind::Text, b"again");
                assert_eq!(client.text(), "again");
            });
            program.serve_until(|_| sender.is_finished());
        });
    }
}

#[test]
fn a_program_that_sends_at_other_times_needs_no_network_thread() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut program = Program::new(&server);
    let mut client = program.welcome();
    let (&id, account) = program.connections.iter().next().expect("a connection");
    let account = Arc::clone(account);
    let before = faults.calls_of_the_program();
    for _ in 0..200 {
        program.serve(Duration::ZERO);
        server.send(id, &account, Kind::Text, b"by the way", false).expect("queued");
        assert_eq!(client.text(), "by the way");
    }
    assert!(faults.calls_of_the_program() > before, "it had the lead for some of them");
}

#[test]
fn deadlines_hold_while_the_program_leads() {
    let faults = Faults::default();
    // The interval is long enough for no ping to come while the program takes the lead: the client
    // that it serves for that does not answer pings.
    let (ping_interval, ping_timeout) = (Some(LONG * 20), Duration::from_millis(100));
    let settings = Settings { ping_interval, ping_timeout, ..Settings::default() };
    let server = listen_with(&faults, settings);
    let mut program = Program::new(&server);
    program.take_the_lead(&faults);
    let _mute = Client::connect(server.address());
    program.serve_until(|program| program.ended == [Some(1006)]);
}

#[test]
fn the_server_stops_while_the_program_leads() {
    let faults = Faults::default();
    let server = listen_with(&faults, Settings::default());
    let mut program = Program::new(&server);
    program.take_the_lead(&faults);
    let mut client = program.welcome();
    std::thread::scope(|scope| {
        let other: ScopedJoinHandle<'_, _> = scope.spawn(|| {
            std::thread::sleep(LONG);
            server.stop();
            client.closed()
        });
        program.serve_until(|program| program.ended == [Some(1001), None]);
        assert_eq!(other.join().expect("no panic").0, 1001);
    });
    assert_eq!(program.error, None);
    assert!(!server.lead(Duration::from_millis(1)), "there is nobody to lead");
}

#[test]
fn the_server_is_ended_by_another_thread_while_the_program_leads() {
    for pause in [Duration::ZERO, LONG] {
        let faults = Faults::default();
        let server = listen_with(&faults, Settings::default());
        let mut program = Program::new(&server);
        program.take_the_lead(&faults);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(pause);
                server.join();
            });
            program.serve_until(|program| program.ended == [None]);
        });
    }
}

#[test]
fn a_panic_on_the_thread_that_leads_ends_the_server() {
    for is_away in [false, true] {
        let faults = Faults::default();
        let server = listen_with(&faults, Settings::default());
        let mut program = Program::new(&server);
        program.take_the_lead(&faults);
        std::thread::scope(|scope| {
            if is_away {
                program.serve(Duration::ZERO);
                server.panic(); // at once
            } else {
                scope.spawn(|| {
                    std::thread::sleep(LONG);
                    server.panic();
                });
            }
            program.serve_until(|program| program.ended == [None]);
        });
        let error = program.error.expect("it did not end well");
        assert!(error.contains("panicked"), "{error}");
    }
}

/// One of them leads, the others wait, and each takes what there is.
#[test]
fn threads_that_lead_at_once_lose_nothing() {
    const CLIENTS: usize = 4;
    const MESSAGES: usize = 300;
    let server = listen(Settings::default());
    let address = server.address();
    let opened: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let client = Client::connect(address);
            let (id, opened) = Events::of(&server).opened(&client);
            (client, (id, opened.account))
        })
        .collect();
    let (clients, accounts): (Vec<_>, HashMap<_, _>) = opened.into_iter().unzip();
    let clients: Vec<JoinHandle<()>> = clients
        .into_iter()
        .map(|mut client| {
            std::thread::spawn(move || {
                for number in 0..MESSAGES {
                    client.send(&number.to_string());
                    assert_eq!(client.text(), number.to_string());
                }
            })
        })
        .collect();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut program = Program::new(&server);
                program.connections.clone_from(&accounts);
                while !is_over.load(Ordering::Relaxed) {
                    program.serve(Duration::from_millis(5));
                }
            });
        }
        for client in clients {
            client.join().expect("every message has its echo");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
