//! A connection of `telemetry`: so many messages in flight, each reply is decompressed and owes the
//! next message.

use zlib_rs::{Inflate, InflateFlush};

use crate::error::{Error, Fault};
use crate::frame::{self, COMPRESSED, FIN, Incoming, Other, TEXT};
use crate::run::{Client, Shared};
use crate::socket::Socket;

/// What every compressed message ends with and is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
const LARGEST_WINDOW: u8 = 15;

/// The messages, and room for a reply.
pub(crate) struct Kit {
    pub(crate) texts: Vec<Vec<u8>>,
    /// The same, as a client sends them.
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) inflated: Vec<u8>,
}

/// Replies come in the order of their messages.
pub(crate) struct Decompressing {
    index: usize,
    socket: Socket,
    /// What came before is what a reply refers to.
    context: Inflate,
    /// Messages written or waiting in `unsent`.
    owed: u32,
    answered: u32,
    /// When the message with this sequence number, modulo depth, was written.
    sent_at: Vec<u64>,
    /// Frames that are not yet out.
    unsent: Vec<u8>,
    /// Bytes of those that are.
    sent: usize,
}

impl Decompressing {
    pub(crate) fn new(index: usize, socket: Socket, depth: usize) -> Self {
        Self {
            index,
            socket,
            context: Inflate::new(false, LARGEST_WINDOW),
            owed: 0,
            answered: 0,
            sent_at: vec![0; depth],
            unsent: Vec::new(),
            sent: 0,
        }
    }

    fn owe(&mut self, kit: &Kit, now: u64) {
        let slot = self.owed as usize % self.sent_at.len();
        self.sent_at[slot] = now;
        self.unsent.extend_from_slice(&kit.frames[self.owed as usize % kit.frames.len()]);
        self.owed += 1;
    }

    fn answered(&mut self, shared: &mut Shared<Kit>, reply: &[u8], now: u64) -> Result<(), Error> {
        if self.missing() == 0 {
            return Err(self.wrong(Fault::Unasked));
        }
        let Kit { texts, inflated, .. } = &mut shared.kit;
        let expected = &texts[self.answered as usize % texts.len()];
        // One byte more, to see a reply that is too long.
        inflated.resize(expected.len() + 1, 0);
        let length = self.inflate(reply, inflated).map_err(|fault| self.wrong(fault))?;
        if length != expected.len() {
            let (found, expected) = (length as u64, expected.len());
            return Err(self.wrong(Fault::Length { found, expected }));
        }
        if let Some(offset) = expected.iter().zip(&*inflated).position(|(a, b)| a != b) {
            return Err(self.wrong(Fault::Payload { offset }));
        }
        let slot = self.answered as usize % self.sent_at.len();
        shared.tally.round_trips.record(now - self.sent_at[slot]);
        self.answered += 1;
        if shared.sending {
            self.owe(&shared.kit, now);
        }
        Ok(())
    }

    /// Decompresses a message into `output`; its length there.
    fn inflate(&mut self, message: &[u8], output: &mut [u8]) -> Result<usize, Fault> {
        let mut made = 0;
        for mut part in [message, &TAIL] {
            while !part.is_empty() && made < output.len() {
                let (before_in, before_out) = (self.context.total_in(), self.context.total_out());
                let status =
                    self.context.decompress(part, &mut output[made..], InflateFlush::SyncFlush);
                let read = usize::try_from(self.context.total_in() - before_in).unwrap_or(0);
                let wrote = usize::try_from(self.context.total_out() - before_out).unwrap_or(0);
                if status.is_err() || (read == 0 && wrote == 0) {
                    return Err(Fault::NotDeflate);
                }
                part = &part[read..];
                made += wrote;
            }
        }
        Ok(made)
    }

    #[cold]
    fn wrong(&self, fault: Fault) -> Error {
        Error::Reply { connection: self.index, sequence: self.answered, fault }
    }
}

impl Client for Decompressing {
    type Kit = Kit;

    fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn missing(&self) -> u32 {
        self.owed - self.answered
    }

    fn begin(&mut self, shared: &mut Shared<Kit>, now: u64) {
        for _ in 0..self.sent_at.len() {
            self.owe(&shared.kit, now);
        }
    }

    fn take(&mut self, shared: &mut Shared<Kit>, length: usize, now: u64) -> Result<(), Error> {
        // Lent out, so that the buffer and the kit can be used side by side.
        let buffer = std::mem::take(&mut shared.buffer);
        let mut bytes = &buffer[..length];
        while !bytes.is_empty() {
            let incoming = frame::incoming(bytes, FIN | COMPRESSED | TEXT);
            let frame_length = match incoming.map_err(|fault| self.wrong(fault))? {
                Incoming::Message { payload, length } => {
                    self.answered(shared, payload, now)?;
                    length
                }
                Incoming::Other(Other::Incomplete) => break,
                Incoming::Other(Other::Pong { length }) => length,
                Incoming::Other(Other::Ping { length, pong }) => {
                    self.unsent.extend(pong);
                    length
                }
                Incoming::Other(Other::Close { reason }) => return Err(self.closed(reason)),
            };
            bytes = &bytes[frame_length..];
        }
        self.socket.keep(bytes);
        shared.buffer = buffer;
        Ok(())
    }

    #[cold]
    fn closed(&self, reason: String) -> Error {
        Error::Closed { connection: self.index, sequence: self.answered, reason }
    }

    fn flush(&mut self, _: &mut Shared<Kit>) -> Result<(), Error> {
        while self.sent < self.unsent.len() {
            match self.socket.write(&self.unsent[self.sent..]).map_err(|text| self.closed(text))? {
                Some(length) => self.sent += length,
                None => return Ok(()),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(())
    }
}
