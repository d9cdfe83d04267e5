//! A connection of `call`: so many messages in flight, each of one call or a batch; a message that is
//! answered owes the next.

use crate::answer::{self, Answer, NotAnAnswer};
use crate::error::{Error, Fault};
use crate::frame::{self, FIN, Incoming, Other, TEXT};
use crate::request::{self, FIRST_ID, LAST_ID, Template};
use crate::run::{Client, Shared};
use crate::socket::Socket;

/// Answers come in any order: an id tells which of the calls in flight it belongs to.
pub(crate) struct Caller {
    index: usize,
    socket: Socket,
    /// Messages in flight.
    places: Vec<Place>,
    /// Calls that are not answered.
    missing: u32,
    /// Frames that are not yet out.
    unsent: Vec<u8>,
    /// Bytes of those that are.
    sent: usize,
}

/// A message in flight. Those that are here one after the other have ids of the same remainder.
#[derive(Clone, Copy)]
struct Place {
    /// The id of the first call.
    first: u32,
    /// A bit for each call that is not answered.
    missing: u128,
    sent_at: u64,
}

/// Calls in a message, as many as a place has bits.
pub(crate) const LARGEST_BATCH: usize = 128;

impl Caller {
    pub(crate) fn new(index: usize, socket: Socket, depth: usize) -> Self {
        let places = vec![Place { first: FIRST_ID, missing: 0, sent_at: 0 }; depth];
        Self { index, socket, places, missing: 0, unsent: Vec::new(), sent: 0 }
    }

    fn answered(
        &mut self,
        shared: &mut Shared<Template>,
        payload: &[u8],
        now: u64,
    ) -> Result<(), Error> {
        for answer in answer::parse(payload) {
            let (id, result) = match answer {
                Ok(Answer::Result { id, result }) => (id, Some(result)),
                Ok(Answer::Error { id }) => (id, None),
                Err(NotAnAnswer) => {
                    let text = String::from_utf8_lossy(payload).into_owned();
                    return Err(self.wrong(FIRST_ID, Fault::NotAnAnswer { text }));
                }
            };
            self.answered_one(shared, id, result, now)?;
        }
        Ok(())
    }

    fn answered_one(
        &mut self,
        shared: &mut Shared<Template>,
        id: u32,
        result: Option<i64>,
        now: u64,
    ) -> Result<(), Error> {
        let (depth, batch) = (self.places.len(), shared.kit.batch());
        let number = id.wrapping_sub(FIRST_ID) as usize / batch % depth;
        let place = &mut self.places[number];
        let bit = 1u128.checked_shl(id.wrapping_sub(place.first)).unwrap_or(0);
        if place.missing & bit == 0 {
            return Err(self.wrong(id, Fault::NotInFlight { id }));
        }
        match result {
            Some(found) if found == request::expected(id) => {
                shared.tally.round_trips.record(now - place.sent_at);
            }
            Some(found) => {
                let expected = request::expected(id);
                return Err(self.wrong(id, Fault::WrongResult { found, expected }));
            }
            None => shared.tally.errors += 1,
        }
        place.missing &= !bit;
        self.missing -= 1;
        if place.missing == 0 && shared.sending {
            let next = place.first + small(depth * batch);
            let fits = next + small(batch) <= LAST_ID;
            let next = if fits { next } else { FIRST_ID + small(number * batch) };
            self.call(&shared.kit, number, next, now);
        }
        Ok(())
    }

    fn call(&mut self, template: &Template, number: usize, first: u32, now: u64) {
        let batch = template.batch();
        let missing = u128::MAX >> (LARGEST_BATCH - batch);
        self.places[number] = Place { first, missing, sent_at: now };
        self.missing += small(batch);
        template.append(first, &mut self.unsent);
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
        for number in 0..self.places.len() {
            let first = FIRST_ID + small(number * shared.kit.batch());
            self.call(&shared.kit, number, first, now);
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
            let incoming = frame::incoming(bytes, FIN | TEXT);
            let incoming = incoming.map_err(|fault| self.wrong(FIRST_ID, fault))?;
            let frame_length = match incoming {
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
        let due = self.places.iter().find(|place| place.missing != 0);
        let due = due.map_or(FIRST_ID, |place| place.first + place.missing.trailing_zeros());
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

/// Ids have eight digits: what is added to them is small.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
