//! A client's frames, and a connection with a clock.

use std::io::IoSlice;
use std::time::{Duration, Instant};

use stagedoor_protocol::{Config, Connection, Event, Kind, Payload, Timeout};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = FIN | 0x8;
pub(crate) const PING: u8 = FIN | 0x9;
pub(crate) const PONG: u8 = FIN | 0xa;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client sends it.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            if let Ok(length) = u16::try_from(length) {
                frame.push(0xfe);
                frame.extend(length.to_be_bytes());
            } else {
                frame.push(0xff);
                frame.extend((length as u64).to_be_bytes());
            }
        }
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A client's close frame.
pub(crate) fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// A frame with a short payload as the server sends it.
pub(crate) fn answer(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, u8::try_from(payload.len()).unwrap()], payload].concat()
}

/// A close frame as the server sends it.
pub(crate) fn close_answer(code: u16, reason: &str) -> Vec<u8> {
    answer(CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

pub(crate) fn text(text: &str) -> Event<'static> {
    Event::Message { kind: Kind::Text, payload: Payload::Owned(text.into()) }
}

pub(crate) fn binary(bytes: &[u8]) -> Event<'static> {
    Event::Message { kind: Kind::Binary, payload: Payload::Owned(bytes.into()) }
}

pub(crate) fn pong(payload: &[u8]) -> Event<'static> {
    Event::Pong { payload: Payload::Owned(payload.into()) }
}

pub(crate) fn closed(code: u16, reason: &str) -> Event<'static> {
    Event::Closed { code, reason: reason.into() }
}

pub(crate) const CONFIG: Config = Config {
    max_message_size: 1000,
    max_fragments: 8,
    max_pings: u32::MAX,
    ping_interval: Some(Duration::from_secs(20)),
    ping_timeout: Duration::from_secs(10),
    close_timeout: Duration::from_secs(2),
};

/// A connection and its clock.
pub(crate) struct Stage {
    pub(crate) connection: Connection,
    pub(crate) now: Instant,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(&CONFIG)
    }

    pub(crate) fn with(config: &Config) -> Self {
        let now = Instant::now();
        Self { connection: Connection::new(config, now), now }
    }

    /// The events of what the peer sends.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<Event<'static>> {
        let mut bytes = bytes.to_vec();
        self.connection.receive(&mut bytes, self.now).map(owned).collect()
    }

    /// The same for bytes that come in pieces of these sizes, over and over.
    pub(crate) fn receive_in_pieces(
        &mut self,
        mut bytes: &[u8],
        sizes: &[usize],
    ) -> Vec<Event<'static>> {
        let mut events = Vec::new();
        for size in sizes.iter().cycle() {
            let (piece, rest) = bytes.split_at(bytes.len().min(*size));
            events.extend(self.receive(piece));
            bytes = rest;
            if bytes.is_empty() {
                break;
            }
        }
        events
    }

    /// Writes at most `limit` bytes, over at most `slices` slices.
    pub(crate) fn write_some(&mut self, limit: usize, slices: usize) -> Vec<u8> {
        let mut filled = vec![IoSlice::new(&[]); slices];
        let count = self.connection.transmit(&mut filled);
        assert!(filled[..count].iter().all(|slice| !slice.is_empty()));
        let bytes = filled[..count].iter().flat_map(|slice| slice.iter());
        let written: Vec<u8> = bytes.take(limit).copied().collect();
        self.connection.transmitted(written.len(), self.now);
        written
    }

    /// Writes everything that waits.
    pub(crate) fn write(&mut self) -> Vec<u8> {
        let pending = self.connection.pending();
        let mut written = Vec::new();
        while self.connection.pending() > 0 {
            written.extend(self.write_some(usize::MAX, 4));
        }
        assert_eq!(written.len(), pending);
        assert_eq!(self.connection.transmit(&mut [IoSlice::new(&[])]), 0);
        written
    }

    /// Lets the time come to the connection's deadline, and returns how long that took.
    pub(crate) fn sleep(&mut self) -> Duration {
        let deadline = self.connection.deadline().expect("a deadline");
        let slept = deadline - self.now;
        self.now = deadline;
        slept
    }

    pub(crate) fn handle_timeout(&mut self) -> Option<Timeout> {
        self.connection.handle_timeout(self.now)
    }
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Message { kind, payload } => {
            Event::Message { kind, payload: Payload::Owned(payload.into_vec()) }
        }
        Event::Pong { payload } => Event::Pong { payload: Payload::Owned(payload.into_vec()) },
        Event::Closed { code, reason } => Event::Closed { code, reason },
        Event::Failed(error) => Event::Failed(error),
    }
}
