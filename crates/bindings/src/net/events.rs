//! Events as Python tuples `(receiver, data)`. Messages go to the receiver of their connection. All
//! else goes to the server's, as `(kind, connection id, data)`.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::exceptions::{PyRuntimeError, PyUnicodeDecodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_server::{Batch, Closed, ConnectionId, Event, Kind, Server};

use super::close_cause::CloseCause;
use super::connection::Connection;
use super::parked::Parked;

pub(crate) const SENT: u8 = 0;
pub(crate) const OPENED: u8 = 1;
pub(crate) const FAILED: u8 = 2;
pub(crate) const CLOSED: u8 = 3;
pub(crate) const STOPPED: u8 = 4;
pub(crate) const DROPPED: u8 = 5;
pub(crate) const REFUSED: u8 = 6;

/// The batch that is being handed to Python, piece by piece.
#[derive(Default)]
pub(crate) struct Stream {
    /// The events are in reverse, so that taking one is a pop.
    batch: Batch,
    /// Events that came before the batch.
    pub(crate) parked: Parked,
    connections: Connections,
}

/// The open connections, for their receivers and the callbacks that wait in them.
#[derive(Default)]
struct Connections(HashMap<ConnectionId, Py<Connection>>);

impl Stream {
    /// Takes what has come, unless something from before is left. False: there is nothing.
    pub(crate) fn load(&mut self, server: &Server) -> bool {
        if !self.batch.events.is_empty() || !self.parked.is_empty() {
            return true;
        }
        if !server.has_events() {
            return false;
        }
        self.batch.clear();
        let found = server.take(&mut self.batch);
        self.batch.events.reverse();
        found
    }

    /// Lets go of every Python object.
    pub(crate) fn end(&mut self) -> (HashMap<ConnectionId, Py<Connection>>, Parked) {
        (std::mem::take(&mut self.connections.0), std::mem::take(&mut self.parked))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.parked.traverse(visit)?;
        self.connections.0.values().try_for_each(|connection| visit.call(connection))
    }

    /// The next events, first of those that are parked.
    pub(crate) fn next<'py>(
        &mut self,
        py: Python<'py>,
        server: &Arc<Server>,
        receiver: &Bound<'py, PyList>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        if !self.parked.is_empty() {
            let (weight, events) = self.parked.take(limit);
            server.consumed(weight);
            return PyList::new(py, events);
        }
        let count = limit.min(self.batch.events.len());
        let mut weight = 0;
        let mut tuples = Vec::with_capacity(count);
        for event in self.batch.events.drain(self.batch.events.len() - count..).rev() {
            weight += event.weight();
            tuples.push(self.connections.convert(event, &self.batch.arena, server, receiver)?);
        }
        server.consumed(weight);
        PyList::new(py, tuples)
    }

    /// Puts events into the understudy's hand: `untouched`, which the game had taken and not looked
    /// at, or, if there are none, the next of those that it has not taken.
    pub(crate) fn seize<'py>(
        &mut self,
        py: Python<'py>,
        server: &Arc<Server>,
        receiver: &Bound<'py, PyList>,
        untouched: Vec<Bound<'py, PyTuple>>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let is_older = !untouched.is_empty();
        let mut seized: Vec<_> = untouched.into_iter().map(|event| (event, 0)).collect();
        if !is_older {
            if self.batch.events.is_empty() && server.has_events() {
                self.batch.clear();
                server.take(&mut self.batch);
                self.batch.events.reverse();
            }
            let left = self.batch.events.len().saturating_sub(limit);
            for event in self.batch.events.drain(left..).rev() {
                let weight = event.weight();
                let event = self.connections.convert(event, &self.batch.arena, server, receiver)?;
                seized.push((event, weight));
            }
        }
        let events = PyList::new(py, seized.iter().map(|(event, _)| event))?;
        let owned = seized.into_iter().map(|(event, weight)| (event.unbind(), weight));
        self.parked.put_in_hand(owned, is_older);
        Ok(events)
    }
}

impl Connections {
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
