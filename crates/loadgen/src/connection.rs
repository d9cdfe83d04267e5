//! One connection in its closed loop: so many messages in flight, each reply owes the next message.

use std::io::{self, Read as _, Write as _};

use mio::net::TcpStream;

use crate::error::{Error, Fault};
use crate::frame::{self, Batch, Other, Reply};
use crate::histogram::Histogram;

/// On Unix a read that did not fill the buffer has emptied the socket (epoll(7), kqueue(2)), which
/// saves the read that would say so. Elsewhere mio must see `WouldBlock`.
const SHORT_READ_IS_LAST: bool = cfg!(unix);

/// What all connections of a run share.
pub(crate) struct Shared {
    pub(crate) batch: Batch,
    pub(crate) reply: Reply,
    pub(crate) buffer: Vec<u8>,
    /// Round trips in nanoseconds.
    pub(crate) round_trips: Histogram,
    /// False once the time is over: replies are still awaited, but owe no further message.
    pub(crate) sending: bool,
}

/// Drive it with [`start`](Self::start), then [`receive`](Self::receive) when readable and
/// [`flush`](Self::flush) when writable.
pub(crate) struct Connection {
    index: usize,
    stream: TcpStream,
    /// Messages owed to the server so far; sequence numbers begin at 0.
    owed: u32,
    /// Of those, completely written.
    written: u32,
    /// Bytes of message `written` that are already out.
    partial: usize,
    answered: u32,
    /// When the message with this sequence number, modulo depth, was written.
    sent_at: Vec<u64>,
    /// The beginning of a reply whose rest has not arrived.
    unread: Vec<u8>,
    /// Pongs to send as soon as no message is half out.
    control: Vec<u8>,
}

impl Connection {
    /// `unread`: what arrived behind the opening handshake.
    pub(crate) fn new(index: usize, stream: TcpStream, depth: usize, unread: Vec<u8>) -> Self {
        Self {
            index,
            stream,
            owed: 0,
            written: 0,
            partial: 0,
            answered: 0,
            sent_at: vec![0; depth],
            unread,
            control: Vec::new(),
        }
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Replies that are still to come.
    pub(crate) fn missing(&self) -> u32 {
        self.owed - self.answered
    }

    /// Writes the first messages, as many as may be in flight. `now`: nanoseconds of the run.
    pub(crate) fn start(&mut self, shared: &mut Shared, now: u64) -> Result<(), Error> {
        self.sent_at.fill(now);
        self.owed = u32::try_from(self.sent_at.len()).unwrap_or(u32::MAX);
        self.flush(&mut shared.batch)?;
        let early = self.unread.len();
        shared.buffer[..early].copy_from_slice(&self.unread);
        self.take(shared, early, now)?;
        self.flush(&mut shared.batch)
    }

    /// Reads and checks all that has arrived, and writes what it owes. `clock` is asked once after
    /// each read: that is when these replies arrived and when the messages they owe were sent.
    pub(crate) fn receive(
        &mut self,
        shared: &mut Shared,
        until_closed: bool,
        clock: impl Fn() -> u64,
    ) -> Result<(), Error> {
        loop {
            let kept = self.unread.len();
            shared.buffer[..kept].copy_from_slice(&self.unread);
            let length = match self.stream.read(&mut shared.buffer[kept..]) {
                Ok(0) => return Err(self.closed("closed without a close frame".to_owned())),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.closed(error.to_string())),
            };
            let filled = kept + length == shared.buffer.len();
            self.take(shared, kept + length, clock())?;
            self.flush(&mut shared.batch)?;
            if SHORT_READ_IS_LAST && !filled && !until_closed {
                return Ok(());
            }
        }
    }

    /// Checks the replies in the first `length` bytes of the buffer and keeps the rest.
    fn take(&mut self, shared: &mut Shared, length: usize, now: u64) -> Result<(), Error> {
        let mut bytes = &shared.buffer[..length];
        let depth = self.sent_at.len();
        let mut slot = self.answered as usize % depth;
        loop {
            while self.missing() > 0 && shared.reply.matches(bytes, self.answered) {
                shared.round_trips.record(now - self.sent_at[slot]);
                self.sent_at[slot] = now;
                slot = if slot + 1 == depth { 0 } else { slot + 1 };
                self.answered += 1;
                self.owed += u32::from(shared.sending);
                bytes = &bytes[shared.reply.length()..];
            }
            if bytes.is_empty() {
                break;
            }
            match shared.reply.explain(bytes, self.answered).map_err(|f| self.wrong(f))? {
                Other::Incomplete => break,
                Other::Pong { length } => bytes = &bytes[length..],
                Other::Ping { length, pong } => {
                    self.control.extend(pong);
                    bytes = &bytes[length..];
                }
                Other::Close { reason } => return Err(self.closed(reason)),
            }
        }
        self.unread.clear();
        self.unread.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is owed, in one write unless the socket is full.
    pub(crate) fn flush(&mut self, batch: &mut Batch) -> Result<(), Error> {
        while self.partial == 0 && !self.control.is_empty() {
            match write(&mut self.stream, &self.control).map_err(|e| self.closed(e.to_string()))? {
                None => return Ok(()),
                Some(length) => drop(self.control.drain(..length)),
            }
        }
        let count = (self.owed - self.written) as usize;
        if count == 0 {
            return Ok(());
        }
        let bytes = batch.prepare(self.written, count);
        let mut done = self.partial;
        while done < bytes.len() {
            match write(&mut self.stream, &bytes[done..]) {
                Ok(Some(length)) => done += length,
                Ok(None) => break,
                Err(error) => return Err(self.closed(error.to_string())),
            }
        }
        let whole = done / batch.frame_length();
        self.written += u32::try_from(whole).unwrap_or(u32::MAX);
        self.partial = done - whole * batch.frame_length();
        Ok(())
    }

    /// Says goodbye, as far as the socket takes it.
    pub(crate) fn finish(mut self, reply: &Reply) {
        if reply.is_framed() {
            let _ = self.stream.write(&frame::close());
        }
    }

    #[cold]
    fn closed(&self, reason: String) -> Error {
        Error::Closed { connection: self.index, sequence: self.answered, reason }
    }

    #[cold]
    fn wrong(&self, fault: Fault) -> Error {
        Error::Reply { connection: self.index, sequence: self.answered, fault }
    }
}

/// `None` when the socket is full.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<Option<usize>> {
    loop {
        match stream.write(bytes) {
            Ok(length) => return Ok(Some(length)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
