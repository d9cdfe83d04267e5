//! The events that wait for their client's turn: clients that have more to do than fits into a frame
//! take turns, one event each.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_server::{CloseCause, ConnectionId, Event};

/// Whose event it is; `None`: the server's own.
pub(crate) type Owner = Option<ConnectionId>;

/// How much an event counts, in the sums that `max_receive_memory` limits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) owner: Owner,
    /// In the sum of all connections.
    pub(crate) of_all: usize,
    /// In that of its connection.
    pub(crate) of_owner: usize,
}

impl Weight {
    pub(crate) fn of(event: &Event) -> Self {
        let of_all = event.weight();
        let of_owner = if event.source().is_some() { of_all } else { 0 };
        Self { owner: event.owner(), of_all, of_owner }
    }

    /// Of an event that counts no more.
    fn none(owner: Owner) -> Self {
        Self { owner, ..Self::default() }
    }
}

/// What becomes of an event when its client is gone, or the server is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Message,
    /// It says that its client is gone, without a word.
    Farewell,
    /// It is the last event of the server, after those of all rows.
    Last,
    Other,
}

impl Part {
    fn of(event: &Event) -> Self {
        match event {
            Event::Message(..) | Event::LargeMessage(..) => Self::Message,
            // After a close frame of its own a client has said all that it wanted to.
            Event::Closed(_, closed) if closed.cause != CloseCause::Clean => Self::Farewell,
            Event::Stopped(_) => Self::Last,
            _ => Self::Other,
        }
    }
}

/// An event that was turned into Python objects and that nobody has taken yet.
pub(crate) struct Waiting {
    pub(crate) event: Py<PyTuple>,
    pub(crate) weight: Weight,
    /// When it has waited for long enough.
    due: Option<Instant>,
    /// The understudy has looked at it, and left it for the game.
    is_parked: bool,
    part: Part,
}

impl Waiting {
    /// An event as it comes, and what became of it in Python.
    pub(crate) fn of(event: &Event) -> impl FnOnce(Py<PyTuple>) -> Self + use<> {
        let (weight, part) = (Weight::of(event), Part::of(event));
        move |event| Self { event, weight, due: None, is_parked: false, part }
    }

    /// One that the game had taken already.
    fn again(event: Py<PyTuple>, lent: Lent) -> Self {
        let Lent { weight, due, is_parked, part } = lent;
        Self { event, weight: Weight::none(weight.owner), due, is_parked, part }
    }

    fn owner(&self) -> Owner {
        self.weight.owner
    }
}

/// What is remembered of an event that the game has taken.
#[derive(Clone, Copy)]
pub(crate) struct Lent {
    weight: Weight,
    due: Option<Instant>,
    is_parked: bool,
    part: Part,
}

impl Lent {
    /// Of an event that was in no row.
    pub(crate) fn of(event: &Event) -> Self {
        let (weight, part) = (Weight::of(event), Part::of(event));
        Self { weight, due: None, is_parked: false, part }
    }
}

/// The events of one client, in order. Those that are parked come first.
#[derive(Default)]
struct Row {
    events: VecDeque<Waiting>,
    parked: usize,
    /// The last of them is the farewell, so all of them are one turn.
    is_gone: bool,
}

impl Row {
    fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.events.pop_front()?;
        self.parked -= usize::from(waiting.is_parked);
        Some(waiting)
    }

    fn push_front(&mut self, waiting: Waiting) {
        self.parked += usize::from(waiting.is_parked);
        self.events.push_front(waiting);
    }

    /// Behind those that are parked.
    fn park(&mut self, waiting: Waiting) {
        self.events.insert(self.parked, Waiting { is_parked: true, ..waiting });
        self.parked += 1;
    }
}

/// The events between those that the game has taken and those of the batch, a row for each client.
///
/// Each event is in one place: in a row, or in the understudy's hand. From [`Rows::put_in_hand`] to
/// [`Rows::give_back`] the game must not take any, or it would take them out of order.
#[derive(Default)]
pub(crate) struct Rows {
    /// None of them is empty.
    of_each: HashMap<Owner, Row>,
    /// Whose rows these are: the first has the next turn.
    turns: VecDeque<Owner>,
    /// Who has just had a turn, and has the last one of all that wait now.
    served: Option<Owner>,
    last: Option<Waiting>,
    /// What the game took the last time.
    lent: Vec<Lent>,
    hand: Vec<Waiting>,
    /// Messages of a client that is gone are forgotten.
    forgets: bool,
    /// How much those count that were forgotten and that nobody has asked for.
    forgotten: usize,
    /// The events in hand come before those in the rows.
    is_older: bool,
}

impl Rows {
    /// `forgets`: what waits of a client that is gone is not handled any more.
    pub(crate) fn new(forgets: bool) -> Self {
        Self { forgets, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.last.is_none()
    }

    /// In a row, or in hand.
    pub(crate) fn has_events(&self) -> bool {
        !self.is_empty() || !self.hand.is_empty()
    }

    pub(crate) fn is_in_hand(&self) -> bool {
        !self.hand.is_empty()
    }

    /// A newer event than those in the rows.
    pub(crate) fn push(&mut self, waiting: Waiting) {
        let (owner, part) = (waiting.owner(), waiting.part);
        if part == Part::Last {
            self.last = Some(waiting);
        } else {
            self.row(owner).events.push_back(waiting);
        }
        if part == Part::Farewell {
            self.farewell(owner);
        }
    }

    /// A client is gone, which its row says. Its messages are forgotten, and the rest comes next.
    fn farewell(&mut self, owner: Owner) {
        let Some(row) = self.of_each.get_mut(&owner).filter(|_| self.forgets) else { return };
        let forgotten = &mut self.forgotten;
        row.events.retain(|waiting| {
            let is_kept = waiting.part != Part::Message;
            *forgotten += if is_kept { 0 } else { waiting.weight.of_all };
            is_kept
        });
        row.parked = row.events.iter().filter(|waiting| waiting.is_parked).count();
        row.is_gone = true;
        self.served.take_if(|served| *served == owner);
        self.turns.retain(|other| *other != owner);
        self.turns.push_front(owner);
    }

    /// How much those events count that were forgotten since this was last asked.
    pub(crate) fn take_forgotten(&mut self) -> usize {
        std::mem::take(&mut self.forgotten)
    }

    /// The row of a client, which then has a turn.
    fn row(&mut self, owner: Owner) -> &mut Row {
        let turns = &mut self.turns;
        self.of_each.entry(owner).or_insert_with(|| {
            turns.push_back(owner);
            Row::default()
        })
    }

    /// The game takes the next events: one of each client, and again; all of one that is gone.
    pub(crate) fn take(&mut self, limit: usize) -> Vec<Waiting> {
        if let Some(owner) = self.served.take()
            && self.of_each.contains_key(&owner)
        {
            self.turns.retain(|other| *other != owner);
            self.turns.push_back(owner);
        }
        self.lent.clear();
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(owner) = self.turns.pop_front() else { break };
            let Some(row) = self.of_each.get_mut(&owner) else { continue };
            taken.extend(row.pop());
            if row.events.is_empty() {
                self.of_each.remove(&owner);
            } else if row.is_gone {
                self.turns.push_front(owner);
            } else {
                self.turns.push_back(owner);
            }
        }
        if taken.is_empty() {
            taken.extend(self.last.take());
        }
        let lent = |waiting: &Waiting| Lent {
            weight: waiting.weight,
            due: waiting.due,
            is_parked: waiting.is_parked,
            part: waiting.part,
        };
        self.lent.extend(taken.iter().map(lent));
        taken
    }

    /// The game takes events that were in no row.
    pub(crate) fn lend(&mut self, events: impl Iterator<Item = Lent>) {
        self.lent.clear();
        self.lent.extend(events);
    }

    /// The weights of what the game has taken.
    pub(crate) fn lent(&self) -> impl Iterator<Item = Weight> {
        self.lent.iter().map(|lent| lent.weight)
    }

    /// Puts back the last of the events that the game has taken: it has no time for them in this
    /// frame. `goes_on`: the first of them is what is left of the last one that it has begun.
    pub(crate) fn put_back(&mut self, events: Vec<Py<PyTuple>>, goes_on: bool) {
        let first = self.lent.len().saturating_sub(events.len());
        let back = self.lent.split_off(first);
        let begun = if goes_on { back.first() } else { self.lent.last() };
        let begun = begun.map(|lent| lent.weight.owner);
        let gone: Vec<_> = back
            .iter()
            .filter(|lent| lent.part == Part::Farewell)
            .map(|lent| lent.weight.owner)
            .collect();
        let mut turns: Vec<Owner> = Vec::new();
        for lent in back.iter().skip(usize::from(goes_on)) {
            if !turns.contains(&lent.weight.owner) {
                turns.push(lent.weight.owner);
            }
        }
        for (at, (event, &lent)) in events.into_iter().zip(&back).enumerate().rev() {
            let mut again = Waiting::again(event, lent);
            again.is_parked |= goes_on && at == 0; // the understudy need not look at it
            self.row(lent.weight.owner).push_front(again);
        }
        self.turns.retain(|owner| !turns.contains(owner));
        for owner in turns.into_iter().rev() {
            self.turns.push_front(owner);
        }
        self.served = begun;
        for owner in gone {
            self.farewell(owner);
        }
    }

    /// The events that the game has taken and not begun go into the understudy's hand.
    pub(crate) fn put_untouched_in_hand(&mut self, events: Vec<Py<PyTuple>>) {
        let first = self.lent.len().saturating_sub(events.len());
        let lent = self.lent.split_off(first);
        let again = |(event, lent)| Waiting::again(event, lent);
        self.hand.extend(events.into_iter().zip(lent).map(again));
        self.is_older = true;
    }

    /// Events that the understudy has not looked at go into its hand: of the rows or, if it has
    /// looked at all of these, newer ones.
    pub(crate) fn put_in_hand(
        &mut self,
        limit: usize,
        newer: impl FnOnce() -> PyResult<Vec<Waiting>>,
    ) -> PyResult<()> {
        self.is_older = false;
        for owner in &self.turns {
            let Some(row) = self.of_each.get_mut(owner) else { continue };
            let count = limit.saturating_sub(self.hand.len()).min(row.events.len() - row.parked);
            self.hand.extend(row.events.drain(row.parked..row.parked + count));
        }
        let rows = &mut self.of_each;
        rows.retain(|_, row| !row.events.is_empty());
        self.turns.retain(|owner| rows.contains_key(owner));
        if self.hand.is_empty() {
            self.hand = newer()?;
        }
        Ok(())
    }

    /// What is in hand.
    pub(crate) fn in_hand(&self) -> impl ExactSizeIterator<Item = &Py<PyTuple>> {
        self.hand.iter().map(|waiting| &waiting.event)
    }

    /// Parks the events at these positions of the hand, with the time that each may wait. The
    /// understudy keeps the rest, which are returned. The hand is empty after this, whatever goes
    /// wrong: after an error, all of its events are parked.
    pub(crate) fn give_back(
        &mut self,
        kept: &[(usize, Option<Duration>)],
    ) -> PyResult<Vec<Waiting>> {
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
        let mut taken = Vec::new();
        let mut back = Vec::new();
        for (waiting, is_kept) in std::mem::take(&mut self.hand).into_iter().zip(is_kept) {
            if is_kept || outcome.is_err() {
                back.push(waiting);
            } else {
                taken.push(waiting);
            }
        }
        let is_farewell = |waiting: &&Waiting| waiting.part == Part::Farewell;
        let gone: Vec<_> = back.iter().filter(is_farewell).map(Waiting::owner).collect();
        if self.is_older {
            for waiting in &back {
                self.row(waiting.owner()); // turns in this order
            }
            for waiting in back.into_iter().rev() {
                self.row(waiting.owner()).push_front(Waiting { is_parked: true, ..waiting });
            }
        } else {
            for waiting in back {
                if waiting.part == Part::Last {
                    self.last = Some(waiting);
                } else {
                    self.row(waiting.owner()).park(waiting);
                }
            }
        }
        for owner in gone {
            self.farewell(owner);
        }
        outcome.map(|()| taken)
    }

    /// Takes the events that have waited for long enough.
    pub(crate) fn take_expired(&mut self) -> Vec<Waiting> {
        let now = Instant::now();
        let is_due = |waiting: &Waiting| waiting.due.is_some_and(|due| due <= now);
        let mut expired = Vec::new();
        for owner in &self.turns {
            let Some(row) = self.of_each.get_mut(owner) else { continue };
            if !row.events.iter().take(row.parked).any(is_due) {
                continue;
            }
            for waiting in std::mem::take(&mut row.events) {
                if is_due(&waiting) {
                    row.parked -= 1;
                    expired.push(waiting);
                } else {
                    row.events.push_back(waiting);
                }
            }
        }
        let rows = &mut self.of_each;
        rows.retain(|_, row| !row.events.is_empty());
        self.turns.retain(|owner| rows.contains_key(owner));
        expired
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let rows = self.of_each.values().flat_map(|row| &row.events);
        rows.chain(&self.hand).chain(&self.last).try_for_each(|waiting| visit.call(&waiting.event))
    }
}
