//! One connection, as Python sends to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString};
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_server::{Account, ConnectionId, Kind, Opened, Server};

use super::refusal::Refusal;

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Connection {
    id: ConnectionId,
    opened: Opened,
    /// The function that takes its messages, and its owner; the program changes both.
    #[pyo3(get)]
    receiver: Py<PyList>,
    /// The callbacks of messages that the kernel is not yet known to have, in the order of sending.
    callbacks: Mutex<VecDeque<Py<PyAny>>>,
    server: Arc<Server>,
}

impl Connection {
    pub(crate) fn new(
        py: Python<'_>,
        id: ConnectionId,
        opened: Opened,
        server: Arc<Server>,
    ) -> PyResult<Self> {
        let receiver = PyList::new(py, [Some(ignoring(py)?), None])?.unbind();
        Ok(Self { id, opened, receiver, callbacks: Mutex::default(), server })
    }

    pub(crate) fn receiver(&self) -> &Py<PyList> {
        &self.receiver
    }

    fn callbacks(&self) -> MutexGuard<'_, VecDeque<Py<PyAny>>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take_callbacks(&self, count: usize) -> Vec<Py<PyAny>> {
        let mut waiting = self.callbacks();
        let count = count.min(waiting.len());
        waiting.drain(..count).collect()
    }

    /// The connection is closed, so what these wait for will not come.
    pub(crate) fn end_callbacks(&self) -> Vec<Py<PyAny>> {
        self.callbacks().drain(..).collect()
    }

    /// Its id, if it is one of this server's.
    pub(crate) fn id_at(&self, server: &Arc<Server>) -> PyResult<ConnectionId> {
        if Arc::ptr_eq(&self.server, server) {
            return Ok(self.id);
        }
        Err(PyValueError::new_err("the connection belongs to another server"))
    }

    pub(crate) fn account(&self) -> &Account {
        &self.opened.account
    }

    fn send_bytes(
        &self,
        kind: Kind,
        payload: &[u8],
        callback: Option<Bound<'_, PyAny>>,
    ) -> Option<Refusal> {
        let sent = match callback {
            None => self.server.send(self.id, self.account(), kind, payload, false),
            Some(callback) => {
                // Locked until the message is queued: callbacks and messages keep one order.
                let mut waiting = self.callbacks();
                let sent = self.server.send(self.id, self.account(), kind, payload, true);
                if sent.is_ok() {
                    waiting.push_back(callback.unbind());
                }
                sent
            }
        };
        sent.err().map(|error| Refusal::new(error, payload.len()))
    }
}

#[pymethods]
impl Connection {
    #[getter]
    fn id(&self) -> u64 {
        self.id.sequence()
    }

    #[getter]
    fn path(&self) -> &str {
        &self.opened.path
    }

    #[getter]
    fn headers(&self) -> Vec<(&str, &str)> {
        self.opened.headers.iter().collect()
    }

    #[getter]
    fn subprotocol(&self) -> Option<&str> {
        self.opened.subprotocol.as_deref()
    }

    #[getter]
    fn remote_address(&self) -> (String, u16) {
        let address = self.opened.remote_address;
        (address.ip().to_string(), address.port())
    }

    #[getter]
    fn role(&self) -> Option<u8> {
        self.opened.role
    }

    #[getter]
    fn token_generation(&self) -> u64 {
        self.opened.token_generation
    }

    #[getter]
    fn queued(&self) -> u64 {
        self.account().queued()
    }

    #[pyo3(signature = (data, callback=None, /))]
    fn send(
        &self,
        data: &Bound<'_, PyAny>,
        callback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Option<Refusal>> {
        if let Some(callback) = callback.as_ref().filter(|callback| !callback.is_callable()) {
            return Err(PyTypeError::new_err(format!(
                "callback must be callable, not {}",
                callback.get_type().name()?
            )));
        }
        with_payload(data, |kind, payload| self.send_bytes(kind, payload, callback))
    }

    #[pyo3(signature = (text, /))]
    fn send_text(&self, text: &[u8]) -> PyResult<Option<Refusal>> {
        check_text(text)?;
        Ok(self.send_bytes(Kind::Text, text, None))
    }

    #[pyo3(signature = (messages, /))]
    fn charge(&self, messages: u64) {
        self.account().charge_messages(messages);
    }

    fn authenticate(&self) {
        self.server.authenticate(self.id);
    }

    fn close(&self, code: u16, reason: &str) {
        self.server.close_connection(self.id, self.account(), code, reason);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.receiver)?;
        // A thread that holds the lock keeps what is in there alive.
        self.callbacks
            .try_lock()
            .map_or(Ok(()), |waiting| waiting.iter().try_for_each(|callback| visit.call(callback)))
    }

    fn __clear__(&self) {
        drop(self.end_callbacks());
    }
}

#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn ignore(data: &Bound<'_, PyAny>) {
    let _ = data;
}

/// `ignore`, as an object.
fn ignoring(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static IGNORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = IGNORE.get_or_try_init(py, || {
        wrap_pyfunction!(ignore, py).map(|function| function.into_any().unbind())
    })?;
    Ok(made.bind(py))
}

/// Raises `ValueError` unless the bytes are UTF-8, as a text message must be.
pub(crate) fn check_text(bytes: &[u8]) -> PyResult<()> {
    simdutf8::basic::from_utf8(bytes)
        .map(|_| ())
        .map_err(|_| PyValueError::new_err("the payload of a text message must be UTF-8"))
}

/// Calls the function with the bytes of a `str` (text) or of a bytes-like object (binary).
pub(crate) fn with_payload<T>(
    data: &Bound<'_, PyAny>,
    call: impl FnOnce(Kind, &[u8]) -> T,
) -> PyResult<T> {
    if let Ok(text) = data.cast::<PyString>() {
        return Ok(call(Kind::Text, text.to_str()?.as_bytes()));
    }
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(call(Kind::Binary, bytes.as_bytes()));
    }
    match PyBuffer::<u8>::get(data) {
        // A copy: another thread may write to the buffer meanwhile.
        Ok(buffer) => Ok(call(Kind::Binary, &buffer.to_vec(data.py())?)),
        Err(error) if error.is_instance_of::<PyBufferError>(data.py()) => Err(error),
        Err(_) => Err(PyTypeError::new_err(format!(
            "data must be str, bytes, bytearray or memoryview of bytes, not {}",
            data.get_type().name()?
        ))),
    }
}
