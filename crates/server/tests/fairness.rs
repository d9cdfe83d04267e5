//! While the program is behind, a client that floods does not keep others from being heard, and
//! memory is bounded.

mod support;

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use stagedoor_server::{Batch, Event, Kind, Server, Settings};

use support::{Client, Kept, PATIENCE, listen};

const MIB: usize = 1 << 20;
const PING: u8 = 9;
const PONG: u8 = 10;
/// What a server reads at a time, in small messages, each of which counts 64 bytes more.
const ONE_READ: usize = 64 * 1024 * 2;

/// Sends messages of 100 bytes as fast as they are taken, until its socket is shut.
struct Flood {
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    fn of(client: Client) -> Self {
        let stream = client.stream.try_clone().expect("a socket");
        let thread = std::thread::spawn(move || {
            let mut frame = vec![0x82, 0x80 | 0x64, 0, 0, 0, 0];
            frame.extend([b'x'; 100]);
            let many = frame.repeat(200);
            let mut stream = client.stream;
            while stream.write_all(&many).is_ok() {}
        });
        Self { stream, thread: Some(thread) }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        self.thread.take().map(JoinHandle::join);
    }
}

/// The program's side: what was taken and not yet handled.
struct Program<'a> {
    server: &'a Server,
    kept: Kept,
    heard: Vec<String>,
}

impl<'a> Program<'a> {
    fn of(server: &'a Server) -> Self {
        Self { server, kept: Kept::default(), heard: Vec::new() }
    }

    /// Takes what has come, and keeps it. False: nothing came for a while.
    fn take(&mut self, patience: Duration) -> bool {
        let mut batch = Batch::default();
        let came = self.server.wait(patience) && self.server.take(&mut batch);
        self.kept.keep(&batch.events);
        for event in &batch.events {
            let text = match event {
                Event::Message(_, Kind::Text, range) => batch.arena[range.clone()].to_vec(),
                Event::LargeMessage(_, Kind::Text, payload) => payload.clone(), // two reads
                _ => continue,
            };
            self.heard.push(String::from_utf8(text).expect("text"));
        }
        came
    }

    /// Takes until the server has nothing more to give while all of it is kept.
    fn fill(&mut self) {
        while self.take(Duration::from_millis(100)) {}
    }

    /// Takes, and keeps, until it has kept this much.
    fn wait_until_kept(&mut self, bytes: usize) {
        while self.kept.weight < bytes {
            assert!(self.take(PATIENCE), "{} KiB came", self.kept.weight / 1024);
        }
    }

    /// Takes, and keeps, until this text was heard.
    fn wait_for(&mut self, text: &str) {
        while !self.heard.iter().any(|heard| heard == text) {
            assert!(self.take(PATIENCE), "{text} was not heard");
        }
    }

    fn handle_all(&mut self) {
        self.kept.handle_all(self.server);
    }
}

fn settings(max_receive_memory: usize) -> Settings {
    Settings { max_receive_memory, ..Settings::default() }
}

#[test]
fn one_that_floods_has_a_part_of_the_memory_and_others_are_heard() {
    let server = listen(settings(4 * MIB));
    let mut healthy = Client::connect(server.address());
    let flood = Flood::of(Client::connect(server.address()));
    let mut program = Program::of(&server);
    program.wait_until_kept(4 * MIB / 16); // the flood has its part
    program.fill();
    assert!(program.kept.weight <= 4 * MIB / 16 + ONE_READ, "{} KiB", program.kept.weight / 1024);
    // Nothing has been handled, and nothing is.
    for turn in 0..100 {
        healthy.send(&format!("turn {turn}"));
        program.wait_for(&format!("turn {turn}"));
    }
    let mut late = Client::connect(server.address());
    late.send("so are those who come later");
    program.wait_for("so are those who come later");
    drop(flood);
}

#[test]
fn many_that_flood_leave_room_for_others() {
    let server = listen(settings(8 * MIB));
    let mut healthy = Client::connect(server.address());
    let clients: Vec<Client> = (0..40).map(|_| Client::connect(server.address())).collect();
    let floods: Vec<Flood> = clients.into_iter().map(Flood::of).collect();
    let mut program = Program::of(&server);
    program.fill();
    assert!(program.kept.weight <= 8 * MIB + ONE_READ, "{} KiB", program.kept.weight / 1024);
    healthy.send("hello");
    for _ in 0..10 {
        program.handle_all();
        program.fill();
        assert!(program.kept.weight <= 8 * MIB + ONE_READ, "{} KiB", program.kept.weight / 1024);
        if program.heard == ["hello"] {
            break;
        }
    }
    assert_eq!(program.heard, ["hello"]);
    drop(floods);
}

#[test]
fn all_that_floods_is_read_in_the_end() {
    let server = listen(settings(MIB));
    let mut clients: Vec<Client> = (0..5).map(|_| Client::connect(server.address())).collect();
    let mut program = Program::of(&server);
    let senders: Vec<JoinHandle<()>> = clients
        .drain(..)
        .enumerate()
        .map(|(number, mut client)| {
            std::thread::spawn(move || {
                for at in 0..5000 {
                    client.send(&format!("{number} {at} {}", "x".repeat(100)));
                }
                client.stream.shutdown(Shutdown::Write).expect("a socket");
            })
        })
        .collect();
    while program.heard.len() < 5 * 5000 {
        assert!(program.take(PATIENCE), "{} were heard", program.heard.len());
        program.handle_all();
    }
    for (number, sender) in senders.into_iter().enumerate() {
        sender.join().expect("no panic");
        let start = format!("{number} ");
        let own = program.heard.iter().filter_map(|text| text.strip_prefix(&start));
        let order = own.map(|text| text.split(' ').next().expect("a number").to_owned());
        assert!(order.eq((0..5000).map(|at| at.to_string())), "in order");
    }
}

#[test]
fn who_is_not_read_is_not_given_up_for_its_silence() {
    let (interval, ping_timeout) = (Duration::from_millis(100), Duration::from_millis(500));
    let server = listen(Settings { ping_interval: Some(interval), ping_timeout, ..settings(MIB) });
    let flood = Flood::of(Client::connect(server.address()));
    let mut program = Program::of(&server);
    program.fill();
    // A client that answers pings shows how the time passes: by the tenth, the flood has been
    // silent for long.
    let mut healthy = Client::connect(server.address());
    for _ in 0..10 {
        let (opcode, payload) = healthy.frame();
        assert_eq!(opcode, PING);
        healthy.write_frame(PONG, &payload);
    }
    let mut batch = Batch::default();
    server.take(&mut batch);
    assert!(!batch.events.iter().any(|event| matches!(event, Event::Closed(..))));
    program.kept.keep(&batch.events);
    program.handle_all();
    program.wait_until_kept(MIB / 16); // it is read again
    drop(flood);
}

#[test]
fn who_is_not_read_and_takes_nothing_is_given_up() {
    let server = listen(Settings { write_timeout: Duration::from_millis(100), ..settings(MIB) });
    let flood = Flood::of(Client::connect(server.address()));
    let mut program = Program::of(&server);
    program.fill();
    server.broadcast(Kind::Binary, &vec![0; 32 * MIB]); // more than the system takes for it
    loop {
        let mut batch = Batch::default();
        assert!(server.wait(PATIENCE), "it is still there");
        server.take(&mut batch);
        let is_end =
            |event: &Event| matches!(event, Event::Closed(_, closed) if closed.code == 1006);
        if batch.events.iter().any(is_end) {
            break;
        }
    }
    drop(flood);
}

#[test]
fn handshakes_wait_while_there_is_no_room_for_what_they_say() {
    let server = listen(Settings { handshake_timeout: PATIENCE, ..settings(100_000) });
    let address = server.address();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         X-Long: {}\r\n\r\n",
        address.port(),
        "x".repeat(8000)
    );
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(head.as_bytes()).expect("written");
        streams.push(stream);
    }
    let mut program = Program::of(&server);
    program.fill();
    assert!(program.kept.weight <= 100_000 + 16 * 1024, "{} bytes", program.kept.weight);
    let mut opened = program.kept.weight / 8000;
    while opened < 100 {
        program.handle_all();
        assert!(program.take(PATIENCE), "{opened} are in");
        opened += program.kept.weight / 8000;
    }
    for stream in &streams {
        stream.set_nonblocking(true).expect("a socket");
        let mut byte = [0];
        let peeked = stream.peek(&mut byte).map_err(|error| error.kind());
        assert_ne!(peeked, Err(ErrorKind::WouldBlock), "it was answered");
    }
}
