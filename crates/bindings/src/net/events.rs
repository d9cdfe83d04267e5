//! Events as Python tuples `(receiver, data)`. Messages go to the receiver of their connection. All
//! else goes to the server's, as `(kind, connection id, data)`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyUnicodeDecodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_server::{Batch, Closed, ConnectionId, Event, Kind, Server};

use super::close_cause::CloseCause;
use super::connection::Connection;
use super::rows::{Lent, Rows, Waiting, Weight};

pub(crate) const SENT: u8 = 0;
pub(crate) const OPENED: u8 = 1;
pub(crate) const FAILED: u8 = 2;
pub(crate) const CLOSED: u8 = 3;
pub(crate) const STOPPED: u8 = 4;
pub(crate) const DROPPED: u8 = 5;
pub(crate) const REFUSED: u8 = 6;

/// Events that are put into rows in one poll: it takes less than a millisecond.
const SORTED_IN_A_POLL: usize = 4096;

/// The batch that is being handed to Python, piece by piece.
#[derive(Default)]
pub(crate) struct Stream {
    /// The events are in reverse, so that taking one is a pop.
    batch: Batch,
    /// Events that came before the batch.
    pub(crate) rows: Rows,
    connections: Connections,
    /// The program has had no time for all that has come, so its clients take turns.
    is_behind: bool,
    /// How many events this poll has put into rows.
    sorted: usize,
}

/// The open connections, for their receivers and the callbacks that wait in them.
#[derive(Default)]
struct Connections(HashMap<ConnectionId, Py<Connection>>);

impl Stream {
    /// `forgets`: see [`Rows::new`].
    pub(crate) fn new(forgets: bool) -> Self {
        Self { rows: Rows::new(forgets), ..Self::default() }
    }

    /// Takes what has come, unless something from before is left. False: there is nothing.
    pub(crate) fn load(&mut self, server: &Server) -> bool {
        self.sorted = 0;
        self.has_left() || self.refill(server)
    }

    /// Something is left from before.
    pub(crate) fn has_left(&self) -> bool {
        !self.batch.events.is_empty() || self.rows.has_events()
    }

    /// Takes what has come, when all of the batch is taken.
    fn refill(&mut self, server: &Server) -> bool {
        if !server.has_events() {
            return false;
        }
        self.batch.clear();
        let found = server.take(&mut self.batch);
        self.batch.events.reverse();
        found
    }

    /// Lets go of every Python object.
    pub(crate) fn end(&mut self) -> (HashMap<ConnectionId, Py<Connection>>, Rows) {
        (std::mem::take(&mut self.connections.0), std::mem::take(&mut self.rows))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.rows.traverse(visit)?;
        self.connections.0.values().try_for_each(|connection| visit.call(connection))
    }

    /// The next events, first of those in the rows.
    pub(crate) fn next<'py>(
        &mut self,
        py: Python<'py>,
        server: &Arc<Server>,
        receiver: &Bound<'py, PyList>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        if self.is_behind {
            self.sort(server, receiver)?;
            server.consumed(self.rows.take_forgotten());
        }
        if !self.rows.is_empty() {
            let taken = self.rows.take(limit);
            self.connections.handled(server, self.rows.lent());
            return PyList::new(py, taken.into_iter().map(|waiting| waiting.event));
        }
        self.is_behind &= !self.batch.events.is_empty();
        let count = limit.min(self.batch.events.len());
        let first = self.batch.events.len() - count;
        self.rows.lend(self.batch.events[first..].iter().rev().map(Lent::of));
        let mut tuples = Vec::with_capacity(count);
        for event in self.batch.events.drain(first..).rev() {
            tuples.push(self.connections.convert(event, &self.batch.arena, server, receiver)?);
        }
        self.connections.handled(server, self.rows.lent());
        PyList::new(py, tuples)
    }

    /// Puts what has come into the rows of its clients, so that they can take turns.
    fn sort(&mut self, server: &Arc<Server>, receiver: &Bound<'_, PyList>) -> PyResult<()> {
        while self.sorted < SORTED_IN_A_POLL {
            let Some(event) = self.batch.events.pop() else {
                if self.refill(server) {
                    continue;
                }
                break;
            };
            let waiting = Waiting::of(&event);
            let event = self.connections.convert(event, &self.batch.arena, server, receiver)?;
            self.rows.push(waiting(event.unbind()));
            self.sorted += 1;
        }
        Ok(())
    }

    /// Puts back what the program has taken and has no time for in this frame.
    pub(crate) fn put_back(&mut self, events: Vec<Py<PyTuple>>, goes_on: bool) {
        self.rows.put_back(events, goes_on);
        self.is_behind = self.has_left();
    }

    /// Puts events into the understudy's hand: `untouched`, which the game had taken and not looked
    /// at, or, if there are none, the next of those that it has not taken.
    pub(crate) fn seize<'py>(
        &mut self,
        server: &Arc<Server>,
        receiver: &Bound<'py, PyList>,
        untouched: Vec<Py<PyTuple>>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = receiver.py();
        if untouched.is_empty() {
            if self.batch.events.is_empty() {
                self.refill(server);
            }
            let (batch, connections) = (&mut self.batch, &mut self.connections);
            self.rows.put_in_hand(limit, || {
                let first = batch.events.len().saturating_sub(limit);
                let of_batch = batch.events.drain(first..).rev().map(|event| {
                    let waiting = Waiting::of(&event);
                    let event = connections.convert(event, &batch.arena, server, receiver)?;
                    Ok(waiting(event.unbind()))
                });
                of_batch.collect()
            })?;
        } else {
            self.rows.put_untouched_in_hand(untouched);
        }
        PyList::new(py, self.rows.in_hand())
    }

    /// Ends what `seize` has begun: see [`Rows::give_back`].
    pub(crate) fn give_back(
        &mut self,
        server: &Server,
        kept: &[(usize, Option<Duration>)],
    ) -> PyResult<Vec<Waiting>> {
        let taken = self.rows.give_back(kept)?;
        self.connections.handled(server, taken.iter().map(|waiting| waiting.weight));
        Ok(taken)
    }

    pub(crate) fn take_expired(&mut self, server: &Server) -> Vec<Waiting> {
        let expired = self.rows.take_expired();
        self.connections.handled(server, expired.iter().map(|waiting| waiting.weight));
        expired
    }
}

impl Connections {
    /// The program handles events of these weights: tells their connections, then the server.
    fn handled(&self, server: &Server, weights: impl Iterator<Item = Weight>) {
        let mut sum = 0;
        let mut run = Weight::default(); // of one connection
        for weight in weights.chain([Weight::default()]) {
            sum += weight.of_all;
            if weight.owner == run.owner {
                run.of_owner += weight.of_owner;
            } else {
                if let Some(connection) = run.owner.and_then(|id| self.0.get(&id)) {
                    connection.get().account().handle(run.of_owner);
                }
                run = weight;
            }
        }
        server.consumed(sum);
    }

    fn convert<'py>(
        &mut self,
        event: Event,
        arena: &[u8],
        server: &Arc<Server>,
        receiver: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let py = receiver.py();
        let event = match event {
            Event::Message(id, kind, range) => return self.message(py, id, kind, &arena[range]),
            Event::LargeMessage(id, kind, payload) => return self.message(py, id, kind, &payload),
            Event::Sent(id, count) => {
                let sent = self.0.get(&id).map(|connection| connection.get().take_callbacks(count));
                (SENT, id.get(), sent.unwrap_or_default()).into_pyobject(py)
            }
            Event::Opened(id, opened) => {
                let connection = Connection::new(py, id, *opened, Arc::clone(server))?;
                let connection = Py::new(py, connection)?;
                self.0.insert(id, connection.clone_ref(py));
                (OPENED, id.get(), connection).into_pyobject(py)
            }
            Event::Refused(text) => (REFUSED, 0, &*text).into_pyobject(py),
            Event::Failed(id, text) => (FAILED, id.get(), &*text).into_pyobject(py),
            Event::Dropped(id, dropped) => {
                let data = (dropped.group.get(), dropped.count, dropped.before);
                (DROPPED, id.get(), data).into_pyobject(py)
            }
            Event::Closed(id, closed) => {
                let connection = self.0.remove(&id);
                let unsent = connection.map(|connection| connection.get().end_callbacks());
                let Closed { code, reason, cause, error } = *closed;
                let cause = CloseCause::from(cause);
                let data = (code, reason, cause, error, unsent.unwrap_or_default());
                (CLOSED, id.get(), data).into_pyobject(py)
            }
            Event::Stopped(error) => {
                let ended = self.0.drain();
                let unsent: Vec<_> =
                    ended.flat_map(|(_, connection)| connection.get().end_callbacks()).collect();
                (STOPPED, 0, (error.as_deref(), unsent)).into_pyobject(py)
            }
        };
        (receiver, event?).into_pyobject(py)
    }

    fn message<'py>(
        &self,
        py: Python<'py>,
        id: ConnectionId,
        kind: Kind,
        payload: &[u8],
    ) -> PyResult<Bound<'py, PyTuple>> {
        let connection = self.0.get(&id);
        let unknown = || PyRuntimeError::new_err("a message came over no connection that is open");
        let connection = connection.ok_or_else(unknown)?;
        let receiver = connection.get().receiver();
        match kind {
            Kind::Binary => (receiver, PyBytes::new(py, payload)).into_pyobject(py),
            Kind::Text => {
                // The network thread has checked it already. This costs little and avoids an
                // `unsafe`.
                let text = simdutf8::basic::from_utf8(payload)
                    .map_err(|error| PyUnicodeDecodeError::new_err(error.to_string()))?;
                (receiver, PyString::new(py, text)).into_pyobject(py)
            }
        }
    }
}
