//! A client on a real socket, and a server whose events are collected.

#![allow(dead_code, reason = "not every test uses everything")]

pub(crate) mod secure;

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stagedoor_server::faults::Faults;
use stagedoor_server::{Account, Batch, ConnectionId, Event, Opened, Server, Settings};

/// Nothing here takes this long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;

pub(crate) fn listen(settings: Settings) -> Server {
    Server::listen(settings, "127.0.0.1", 0).expect("a free port")
}

/// In a system that fails.
pub(crate) fn listen_with(faults: &Faults, settings: Settings) -> Server {
    Server::listen_with(faults, settings, "127.0.0.1", 0).expect("a free port")
}

/// What a program has taken and not yet handled.
#[derive(Default)]
pub(crate) struct Kept {
    /// How much of it there is.
    pub(crate) weight: usize,
    of_each: HashMap<ConnectionId, usize>,
    accounts: HashMap<ConnectionId, Arc<Account>>,
}

impl Kept {
    pub(crate) fn keep(&mut self, events: &[Event]) {
        for event in events {
            if let Event::Opened(id, opened) = event {
                self.accounts.insert(*id, Arc::clone(&opened.account));
            }
            self.weight += event.weight();
            if let Some(id) = event.source() {
                *self.of_each.entry(id).or_default() += event.weight();
            }
        }
    }

    pub(crate) fn handle_all(&mut self, server: &Server) {
        for (id, weight) in self.of_each.drain() {
            // Another thread has seen it open.
            self.accounts.get(&id).inspect(|account| account.handle(weight));
        }
        server.consumed(std::mem::take(&mut self.weight));
    }
}

/// Waits for the next events of a server.
pub(crate) struct Events<'a> {
    server: &'a Server,
    waiting: Vec<Event>,
    kept: Kept,
}

impl<'a> Events<'a> {
    pub(crate) fn of(server: &'a Server) -> Self {
        Self { server, waiting: Vec::new(), kept: Kept::default() }
    }

    /// The next event that `pick` takes; those it does not take wait for the next call.
    pub(crate) fn next<T>(&mut self, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some((at, picked)) =
                self.waiting.iter().enumerate().find_map(|(at, event)| Some((at, pick(event)?)))
            {
                self.waiting.remove(at);
                return picked;
            }
            assert!(self.server.wait(end - Instant::now()), "the event did not come in time");
            self.collect();
        }
    }

    /// Takes what has come; every message is one of its own then.
    fn collect(&mut self) {
        let mut batch = Batch::default();
        self.server.take(&mut batch);
        self.kept.keep(&batch.events);
        self.kept.handle_all(self.server);
        let arena = batch.arena;
        self.waiting.extend(batch.events.into_iter().map(|event| match event {
            Event::Message(id, kind, range) => Event::LargeMessage(id, kind, arena[range].to_vec()),
            other => other,
        }));
    }

    /// What the server knows of this client.
    pub(crate) fn opened(&mut self, client: &Client) -> (ConnectionId, Opened) {
        let address = client.stream.local_addr().expect("a connected socket");
        self.next(|event| match event {
            Event::Opened(id, opened) if opened.remote_address == address => {
                Some((*id, clone(opened)))
            }
            _ => None,
        })
    }

    pub(crate) fn closed(&mut self, whom: ConnectionId) -> (u16, Option<String>) {
        self.next(|event| match event {
            Event::Closed(id, closed) if *id == whom => Some((closed.code, closed.error.clone())),
            _ => None,
        })
    }

    /// The payload of the next message.
    pub(crate) fn next_message(&mut self) -> Vec<u8> {
        self.next(|event| match event {
            Event::LargeMessage(_, _, payload) => Some(payload.clone()),
            _ => None,
        })
    }

    /// Receipts that have come for this connection, taken.
    pub(crate) fn receipts(&mut self, whom: ConnectionId) -> usize {
        self.collect();
        let mut count = 0;
        self.waiting.retain(|event| match event {
            Event::Sent(id, receipts) if *id == whom => {
                count += receipts;
                false
            }
            _ => true,
        });
        count
    }

    /// Whether such an event has come, and was not taken.
    pub(crate) fn has(&mut self, is_it: impl Fn(&Event) -> bool) -> bool {
        self.collect();
        self.waiting.iter().any(is_it)
    }
}

fn clone(opened: &Opened) -> Opened {
    Opened {
        path: opened.path.clone(),
        headers: opened.headers.clone(),
        subprotocol: opened.subprotocol.clone(),
        remote_address: opened.remote_address,
        role: opened.role,
        token_generation: opened.token_generation,
        account: opened.account.clone(),
    }
}

pub(crate) const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

/// A connection that has said nothing yet.
pub(crate) fn dial(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// A client that has sent its opening handshake.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    /// The response head, in full.
    pub(crate) head: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::with(address, "")
    }

    /// With these further header lines, each with its CR LF.
    pub(crate) fn with(address: SocketAddr, headers: &str) -> Self {
        Self::request(address, &format!("{UPGRADE}{headers}"))
    }

    /// To a server whose system fails.
    pub(crate) fn try_connect(address: SocketAddr) -> io::Result<Self> {
        Self::try_request(address, UPGRADE)
    }

    /// A GET with these header lines.
    pub(crate) fn request(address: SocketAddr, headers: &str) -> Self {
        Self::try_request(address, headers).expect("a response head")
    }

    fn try_request(address: SocketAddr, headers: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Self::over(stream, address.port(), headers)
    }
}

impl<S: Read + Write> Client<S> {
    /// A GET with these header lines, over a connection to this port.
    pub(crate) fn over(mut stream: S, port: u16, headers: &str) -> io::Result<Self> {
        let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n");
        stream.write_all(request.as_bytes())?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        Ok(Self { stream, head: String::from_utf8(head).expect("a response head is text") })
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// Sends one text message, masked with zeros.
    pub(crate) fn send(&mut self, text: &str) {
        self.write_frame(TEXT, text.as_bytes());
    }

    pub(crate) fn write_frame(&mut self, opcode: u8, payload: &[u8]) {
        self.try_write_frame(opcode, payload).expect("written");
    }

    pub(crate) fn try_write_frame(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        self.stream.write_all(&masked(opcode, payload))
    }

    /// The next frame: its opcode and payload.
    pub(crate) fn frame(&mut self) -> (u8, Vec<u8>) {
        self.try_frame().expect("a frame")
    }

    /// The next frame, if it is there as a whole before the end.
    pub(crate) fn try_frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let [first, second] = self.exactly()?;
        let length = match second {
            126 => u64::from(u16::from_be_bytes(self.exactly()?)),
            127 => u64::from_be_bytes(self.exactly()?),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("it fits memory")];
        self.stream.read_exact(&mut payload)?;
        Ok((first & 0x0F, payload))
    }

    pub(crate) fn text(&mut self) -> String {
        let (opcode, payload) = self.frame();
        assert_eq!(opcode, TEXT);
        String::from_utf8(payload).expect("text")
    }

    /// The close frame that comes next, answered: its code and reason.
    pub(crate) fn closed(&mut self) -> (u16, String) {
        let (opcode, payload) = self.frame();
        assert_eq!(opcode, CLOSE);
        let code = u16::from_be_bytes([payload[0], payload[1]]);
        let reason = String::from_utf8(payload[2..].to_vec()).expect("text");
        // The server may have closed its side already.
        let _ = self.stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, payload[0], payload[1]]);
        (code, reason)
    }

    fn exactly<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// A frame of a client, masked with zeros.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    if payload.len() < 126 {
        frame.push(0x80 | u8::try_from(payload.len()).expect("a short message"));
    } else {
        frame.push(0xFE);
        frame.extend(u16::try_from(payload.len()).expect("a small message").to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
