//! The exchange of `call`: a fixed number of messages in flight, each one call or a batch of them.
//! A message whose calls are all answered owes the next one.

use crate::answer::{self, Answer, NotAnAnswer};
use crate::error::Fault;
use crate::frame::{FIN, TEXT};
use crate::messages::Exchange;
use crate::request::{self, FIRST_ID, LAST_ID, Template};
use crate::run::Shared;

/// Answers come in any order: an id tells which of the calls in flight it belongs to.
pub(crate) struct Caller {
    /// Messages in flight.
    places: Vec<Place>,
    /// Calls that are not answered.
    missing: u32,
}

/// A message in flight. The ids of all messages that take this place have the same remainder.
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
    pub(crate) fn new(depth: usize) -> Self {
        Self { places: vec![Place { first: FIRST_ID, missing: 0, sent_at: 0 }; depth], missing: 0 }
    }

    fn answered_one(
        &mut self,
        shared: &mut Shared<Template>,
        id: u32,
        result: Option<i64>,
        now: u64,
        unsent: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let (depth, batch) = (self.places.len(), shared.kit.batch());
        let number = id.wrapping_sub(FIRST_ID) as usize / batch % depth;
        let place = &mut self.places[number];
        let bit = 1u128.checked_shl(id.wrapping_sub(place.first)).unwrap_or(0);
        if place.missing & bit == 0 {
            return Err(Fault::NotInFlight { id });
        }
        match result {
            Some(found) if found == request::expected(id) => {
                shared.tally.round_trips.record(now - place.sent_at);
            }
            Some(found) => {
                return Err(Fault::WrongResult { found, expected: request::expected(id) });
            }
            None => shared.tally.errors += 1,
        }
        place.missing &= !bit;
        self.missing -= 1;
        if place.missing == 0 && shared.sending {
            let next = place.first + small(depth * batch);
            let fits = next + small(batch) <= LAST_ID;
            let next = if fits { next } else { FIRST_ID + small(number * batch) };
            self.call(&shared.kit, number, next, now, unsent);
        }
        Ok(())
    }

    fn call(
        &mut self,
        template: &Template,
        number: usize,
        first: u32,
        now: u64,
        unsent: &mut Vec<u8>,
    ) {
        let batch = template.batch();
        let missing = u128::MAX >> (LARGEST_BATCH - batch);
        self.places[number] = Place { first, missing, sent_at: now };
        self.missing += small(batch);
        template.append(first, unsent);
    }
}

impl Exchange for Caller {
    type Kit = Template;

    const FIRST_BYTE: u8 = FIN | TEXT;

    fn missing(&self) -> u32 {
        self.missing
    }

    fn due(&self) -> u32 {
        let due = self.places.iter().find(|place| place.missing != 0);
        due.map_or(FIRST_ID, |place| place.first + place.missing.trailing_zeros())
    }

    fn begin(&mut self, template: &Template, now: u64, unsent: &mut Vec<u8>) {
        for number in 0..self.places.len() {
            let first = FIRST_ID + small(number * template.batch());
            self.call(template, number, first, now, unsent);
        }
    }

    fn answered(
        &mut self,
        shared: &mut Shared<Template>,
        reply: &[u8],
        now: u64,
        unsent: &mut Vec<u8>,
    ) -> Result<(), (u32, Fault)> {
        for answer in answer::parse(reply) {
            let (id, result) = match answer {
                Ok(Answer::Result { id, result }) => (id, Some(result)),
                Ok(Answer::Error { id }) => (id, None),
                Err(NotAnAnswer) => {
                    let text = String::from_utf8_lossy(reply).into_owned();
                    return Err((self.due(), Fault::NotAnAnswer { text }));
                }
            };
            let checked = self.answered_one(shared, id, result, now, unsent);
            checked.map_err(|fault| (id, fault))?;
        }
        Ok(())
    }
}

/// Ids have eight digits: what is added to them is small.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
