//! A connection of `echo`: a fixed number of messages in flight; each reply owes the next message.
//!
//! Replies are compared with the bytes that are due, without being parsed, and messages are written
//! from one buffer that all connections share. So this costs the least of all, and has its own
//! loop.

use crate::error::{Error, Fault};
use crate::frame::Other;
use crate::payload::{Batch, Reply};
use crate::run::{Client, Shared};
use crate::socket::Socket;

/// The messages, and what they must bring.
pub(crate) struct Kit {
    pub(crate) batch: Batch,
    pub(crate) reply: Reply,
}

/// Replies come in the order of their messages.
pub(crate) struct Connection {
    index: usize,
    socket: Socket,
    /// Messages owed to the server so far; sequence numbers begin at 0.
    owed: u32,
    /// How many of them are completely written.
    written: u32,
    /// Bytes of message `written` that are already out.
    partial: usize,
    answered: u32,
    /// When the message with this sequence number, modulo depth, was written.
    sent_at: Vec<u64>,
    /// Pongs to send as soon as no message is half out.
    control: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(index: usize, socket: Socket, depth: usize) -> Self {
        Self {
            index,
            socket,
            owed: 0,
            written: 0,
            partial: 0,
            answered: 0,
            sent_at: vec![0; depth],
            control: Vec::new(),
        }
    }

    #[cold]
    fn wrong(&self, fault: Fault) -> Error {
        Error::Reply { connection: self.index, sequence: self.answered, fault }
    }
}

impl Client for Connection {
    type Kit = Kit;

    fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn missing(&self) -> u32 {
        self.owed - self.answered
    }

    fn begin(&mut self, _: &mut Shared<Kit>, now: u64) {
        self.sent_at.fill(now);
        self.owed = u32::try_from(self.sent_at.len()).unwrap_or(u32::MAX);
    }

    fn take(&mut self, shared: &mut Shared<Kit>, length: usize, now: u64) -> Result<(), Error> {
        let reply = &shared.kit.reply;
        let mut bytes = &shared.buffer[..length];
        let depth = self.sent_at.len();
        let mut slot = self.answered as usize % depth;
        loop {
            while self.missing() > 0 && reply.matches(bytes, self.answered) {
                shared.tally.round_trips.record(now - self.sent_at[slot]);
                self.sent_at[slot] = now;
                slot = if slot + 1 == depth { 0 } else { slot + 1 };
                self.answered += 1;
                self.owed += u32::from(shared.sending);
                bytes = &bytes[reply.length()..];
            }
            if bytes.is_empty() {
                break;
            }
            match reply.explain(bytes, self.answered).map_err(|fault| self.wrong(fault))? {
                Other::Incomplete => break,
                Other::Pong { length } => bytes = &bytes[length..],
                Other::Ping { length, pong } => {
                    self.control.extend(pong);
                    bytes = &bytes[length..];
                }
                Other::Close { reason } => return Err(self.closed(reason)),
            }
        }
        self.socket.keep(bytes);
        Ok(())
    }

    #[cold]
    fn closed(&self, reason: String) -> Error {
        Error::Closed { connection: self.index, sequence: self.answered, reason }
    }

    fn flush(&mut self, shared: &mut Shared<Kit>) -> Result<(), Error> {
        while self.partial == 0 && !self.control.is_empty() {
            match self.socket.write(&self.control).map_err(|reason| self.closed(reason))? {
                None => return Ok(()),
                Some(length) => drop(self.control.drain(..length)),
            }
        }
        let count = (self.owed - self.written) as usize;
        if count == 0 {
            return Ok(());
        }
        let frame_length = shared.kit.batch.frame_length();
        let bytes = shared.kit.batch.prepare(self.written, count);
        let mut done = self.partial;
        while done < bytes.len() {
            match self.socket.write(&bytes[done..]).map_err(|reason| self.closed(reason))? {
                Some(length) => done += length,
                None => break,
            }
        }
        let whole = done / frame_length;
        self.written += u32::try_from(whole).unwrap_or(u32::MAX);
        self.partial = done - whole * frame_length;
        Ok(())
    }
}
