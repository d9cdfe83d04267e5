//! Events that the understudy has looked at while the game did not poll, and that wait for the
//! game.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

/// An event that was turned into Python objects and that nobody has taken yet.
struct Waiting {
    event: Py<PyTuple>,
    /// How much it counts in the sum that `max_receive_memory` limits.
    weight: usize,
    /// When it has waited for long enough.
    due: Option<Instant>,
}

/// The events between those that the game has taken and those of the batch, in order.
///
/// Each is in one place: in the row, or in the understudy's hand. From [`Parked::put_in_hand`] to
/// [`Parked::give_back`] the game must not take any, or it would take them out of order.
#[derive(Default)]
pub(crate) struct Parked {
    row: VecDeque<Waiting>,
    hand: Vec<Waiting>,
    /// The events in hand come before those in the row.
    is_older: bool,
}

impl Parked {
    pub(crate) fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// In the row, or in hand.
    pub(crate) fn has_events(&self) -> bool {
        !self.row.is_empty() || !self.hand.is_empty()
    }

    pub(crate) fn is_in_hand(&self) -> bool {
        !self.hand.is_empty()
    }

    /// Events for the understudy to look at: older than all in the row, or newer.
    pub(crate) fn put_in_hand(
        &mut self,
        events: impl IntoIterator<Item = (Py<PyTuple>, usize)>,
        is_older: bool,
    ) {
        let waiting = |(event, weight)| Waiting { event, weight, due: None };
        self.hand.extend(events.into_iter().map(waiting));
        self.is_older = is_older;
    }

    /// Puts the events at these positions of the hand into the row, with the time that each may
    /// wait. The understudy keeps the rest; their weight and the events are returned. The hand is
    /// empty after this, whatever goes wrong: after an error, all of its events are in the row.
    pub(crate) fn give_back(
        &mut self,
        kept: &[(usize, Option<Duration>)],
    ) -> PyResult<(usize, Vec<Py<PyTuple>>)> {
        let now = Instant::now();
        let mut is_kept = vec![false; self.hand.len()];
        let mut outcome = Ok(());
        for &(position, patience) in kept {
            match self.hand.get_mut(position) {
                Some(waiting) => waiting.due = patience.map(|patience| now + patience),
                None => {
                    outcome = Err(PyIndexError::new_err("not that many events are in hand"));
                }
            }
            is_kept.get_mut(position).into_iter().for_each(|kept| *kept = true);
        }
        let mut weight = 0;
        let mut taken = Vec::new();
        let mut back = Vec::new();
        for (waiting, is_kept) in self.hand.drain(..).zip(is_kept) {
            if is_kept || outcome.is_err() {
                back.push(waiting);
            } else {
                weight += waiting.weight;
                taken.push(waiting.event);
            }
        }
        if self.is_older {
            back.into_iter().rev().for_each(|waiting| self.row.push_front(waiting));
        } else {
            self.row.extend(back);
        }
        outcome.map(|()| (weight, taken))
    }

    /// Takes the first events of the row, and returns their weight, too.
    pub(crate) fn take(&mut self, limit: usize) -> (usize, Vec<Py<PyTuple>>) {
        let count = limit.min(self.row.len());
        let mut weight = 0;
        let events = self.row.drain(..count).map(|waiting| {
            weight += waiting.weight;
            waiting.event
        });
        let events = events.collect();
        (weight, events)
    }

    /// Takes the events that have waited for long enough, and returns their weight, too.
    pub(crate) fn take_expired(&mut self) -> (usize, Vec<Py<PyTuple>>) {
        let now = Instant::now();
        let is_due = |waiting: &Waiting| waiting.due.is_some_and(|due| due <= now);
        let mut weight = 0;
        let mut expired = Vec::new();
        if self.row.iter().any(is_due) {
            for waiting in std::mem::take(&mut self.row) {
                if is_due(&waiting) {
                    weight += waiting.weight;
                    expired.push(waiting.event);
                } else {
                    self.row.push_back(waiting);
                }
            }
        }
        (weight, expired)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.row.iter().chain(&self.hand).try_for_each(|waiting| visit.call(&waiting.event))
    }
}
