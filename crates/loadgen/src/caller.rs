//! A connection of `call`: so many calls in flight, each answer owes the next call.

use crate::answer::{self, Answer};
use crate::error::{Error, Fault};
use crate::frame::{self, Incoming, Other};
use crate::request::{self, FIRST_ID, LAST_ID, Template};
use crate::run::{Client, Shared};
use crate::socket::Socket;

/// Answers come in any order: an id tells which of the calls in flight it belongs to.
pub(crate) struct Caller {
    index: usize,
    socket: Socket,
    /// Calls in flight; the ids of one place are so many apart.
    places: Vec<Place>,
    missing: u32,
    /// Frames that are not yet out.
    unsent: Vec<u8>,
    /// Bytes of those that are.
    sent: usize,
}

#[derive(Clone, Copy)]
struct Place {
    /// `None` once no more calls are owed.
    id: Option<u32>,
    sent_at: u64,
}

impl Caller {
    pub(crate) fn new(index: usize, socket: Socket, depth: usize) -> Self {
        let places = vec![Place { id: None, sent_at: 0 }; depth];
        Self { index, socket, places, missing: 0, unsent: Vec::new(), sent: 0 }
    }

    fn answered(
        &mut self,
        shared: &mut Shared<Template>,
        payload: &[u8],
        now: u64,
    ) -> Result<(), Error> {
        let (id, result) = match answer::parse(payload) {
            Some(Answer::Result { id, result }) => (id, Some(result)),
            Some(Answer::Error { id }) => (id, None),
            None => {
                let text = String::from_utf8_lossy(payload).into_owned();
                return Err(self.wrong(FIRST_ID, Fault::NotAnAnswer { text }));
            }
        };
        let depth = self.places.len();
        let number = id.wrapping_sub(FIRST_ID) as usize % depth;
        if self.places[number].id != Some(id) {
            return Err(self.wrong(id, Fault::NotInFlight { id }));
        }
        match result {
            Some(found) if found == request::expected(id) => {
                shared.tally.round_trips.record(now - self.places[number].sent_at);
            }
            Some(found) => {
                let expected = request::expected(id);
                return Err(self.wrong(id, Fault::WrongResult { found, expected }));
            }
            None => shared.tally.errors += 1,
        }
        self.missing -= 1;
        self.places[number].id = None;
        if shared.sending {
            let step = u32::try_from(depth).unwrap_or(u32::MAX);
            let next = id.checked_add(step).filter(|&next| next <= LAST_ID);
            let first = FIRST_ID + u32::try_from(number).unwrap_or(0);
            self.call(&shared.kit, number, next.unwrap_or(first), now);
        }
        Ok(())
    }

    fn call(&mut self, template: &Template, number: usize, id: u32, now: u64) {
        self.places[number] = Place { id: Some(id), sent_at: now };
        self.missing += 1;
        template.append(id, &mut self.unsent);
    }

    #[cold]
    fn wrong(&self, id: u32, fault: Fault) -> Error {
        Error::Reply { connection: self.index, sequence: id, fault }
    }
}

impl Client for Caller {
    type Kit = Template;

    fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn missing(&self) -> u32 {
        self.missing
    }

    fn begin(&mut self, shared: &mut Shared<Template>, now: u64) {
        for (number, id) in (0..self.places.len()).zip(FIRST_ID..) {
            self.call(&shared.kit, number, id, now);
        }
    }

    fn take(
        &mut self,
        shared: &mut Shared<Template>,
        length: usize,
        now: u64,
    ) -> Result<(), Error> {
        // Lent out, so that the buffer and the tally can be used side by side.
        let buffer = std::mem::take(&mut shared.buffer);
        let mut bytes = &buffer[..length];
        while !bytes.is_empty() {
            let incoming = frame::incoming(bytes).map_err(|fault| self.wrong(FIRST_ID, fault))?;
            let frame_length = match incoming {
                Incoming::Text { payload, length } => {
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
        let due = self.places.iter().find_map(|place| place.id).unwrap_or(FIRST_ID);
        Error::Closed { connection: self.index, sequence: due, reason }
    }

    fn flush(&mut self, _: &mut Shared<Template>) -> Result<(), Error> {
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
