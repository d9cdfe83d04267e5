//! Events that wait for the game although it does not come: the understudy looks at them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

/// An event that was turned into Python objects and is nobody's yet.
struct Waiting {
    event: Py<PyTuple>,
    /// What it counts for in the sum that `max_receive_memory` limits.
    weight: usize,
    /// When it has waited for long enough.
    due: Option<Instant>,
}

/// The events between those that the game has taken and those of the batch, in order.
///
/// Each is in one place: in the row, or in the understudy's hand. From [`Parked::put_in_hand`] to
/// [`Parked::give_back`] the game must not take any, or it would take them out of turn.
#[derive(Default)]
pub(crate) struct Parked {
    row: VecDeque<Waiting>,
    hand: Vec<Waiting>,
    /// Those in hand come before those in the row.
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

    /// Those of the hand that are to wait, by position, and for how long. The rest is the
    /// understudy's, and its weight is returned. Whatever goes wrong, the hand is empty after
    /// this: what was not named correctly waits without end.
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
                None => outcome = Err(PyIndexError::new_err("there are not so many in hand")),
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

    /// Takes the first of the row, with their weight.
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

    /// Takes those that have waited for long enough, with their weight.
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
