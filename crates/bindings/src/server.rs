//! A listening server, as Python drives it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_server::{Kind, Settings, Tokens};

use crate::connection::{Connection, with_payload};
use crate::events::Stream;

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Server {
    server: Arc<stagedoor_server::Server>,
    stream: Mutex<Stream>,
}

impl Server {
    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (
        host, port, *, hosts, origins, subprotocols, compression, max_connections, max_message_size,
        max_fragments, max_receive_memory, max_send_queue, handshake_timeout, ping_interval,
        ping_timeout, write_timeout, close_timeout, tokens=None, max_unauthenticated=8,
        max_unauthenticated_message_size=4096,
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only options of the Python signature")]
    fn new(
        py: Python<'_>,
        host: &str,
        port: u16,
        hosts: Vec<String>,
        origins: Vec<String>,
        subprotocols: Vec<String>,
        compression: bool,
        max_connections: usize,
        max_message_size: usize,
        max_fragments: usize,
        max_receive_memory: usize,
        max_send_queue: usize,
        handshake_timeout: f64,
        ping_interval: Option<f64>,
        ping_timeout: f64,
        write_timeout: f64,
        close_timeout: f64,
        tokens: Option<Vec<(String, u8)>>,
        max_unauthenticated: usize,
        max_unauthenticated_message_size: usize,
    ) -> PyResult<Self> {
        let settings = Settings {
            hosts,
            origins,
            subprotocols,
            compression,
            max_connections,
            tokens: tokens.map(checked).transpose()?,
            max_unauthenticated,
            max_unauthenticated_message_size,
            max_message_size,
            max_fragments,
            max_receive_memory,
            max_send_queue,
            handshake_timeout: seconds(handshake_timeout)?,
            ping_interval: ping_interval.map(seconds).transpose()?,
            ping_timeout: seconds(ping_timeout)?,
            write_timeout: seconds(write_timeout)?,
            close_timeout: seconds(close_timeout)?,
        };
        let server = py.detach(|| stagedoor_server::Server::listen(settings, host, port));
        let server = server.map_err(|error| os_error(&error, host, port))?;
        Ok(Self { server: Arc::new(server), stream: Mutex::default() })
    }

    #[getter]
    fn address(&self) -> (String, u16) {
        let address = self.server.address();
        (address.ip().to_string(), address.port())
    }

    #[getter]
    fn thread(&self) -> NetworkThread {
        NetworkThread { server: Arc::clone(&self.server) }
    }

    fn load(&self) -> bool {
        let found = self.stream().load(&self.server);
        if found {
            self.server.begin();
        }
        found
    }

    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        self.server.flush();
        self.stream().next(py, &self.server, limit)
    }

    fn end(&self) {
        self.server.end();
    }

    fn wait(&self, py: Python<'_>, timeout: f64) -> PyResult<bool> {
        let timeout = seconds(timeout)?;
        Ok(py.detach(|| self.server.wait(timeout)))
    }

    #[cfg(unix)]
    fn set_notifier(&self, descriptor: i32) {
        use std::os::fd::{FromRawFd, OwnedFd};
        // SAFETY: the caller gives up a descriptor that it owns (`socket.detach()` in Python).
        let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
        self.server.set_notifier(Some(owned.into()));
    }

    #[cfg(windows)]
    fn set_notifier(&self, descriptor: u64) {
        use std::os::windows::io::{FromRawSocket, OwnedSocket};
        // SAFETY: the caller gives up a socket that it owns (`socket.detach()` in Python).
        let owned = unsafe { OwnedSocket::from_raw_socket(descriptor) };
        self.server.set_notifier(Some(owned.into()));
    }

    fn arm(&self) -> bool {
        self.server.arm()
    }

    #[pyo3(signature = (data, /))]
    fn broadcast(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        with_payload(data, |kind, payload| self.server.broadcast(kind, payload))
    }

    fn set_tokens(&self, tokens: Vec<(String, u8)>) -> PyResult<u64> {
        let generation = self.server.set_tokens(checked(tokens)?);
        generation.ok_or_else(|| PyValueError::new_err("the server was made without tokens"))
    }

    fn group(&self) -> u64 {
        self.server.open_group().get()
    }

    fn drop_group(&self, group: u64) {
        self.server.close_group(group.into());
    }

    fn join_group(&self, group: u64, connection: &Connection) -> PyResult<()> {
        self.server.join_group(group.into(), connection.id_at(&self.server)?);
        Ok(())
    }

    fn leave_group(&self, group: u64, connection: &Connection) -> PyResult<()> {
        self.server.leave_group(group.into(), connection.id_at(&self.server)?);
        Ok(())
    }

    #[pyo3(signature = (group, payload, *, droppable, binary=false))]
    fn publish(&self, group: u64, payload: &[u8], droppable: bool, binary: bool) -> PyResult<()> {
        let kind = if binary { Kind::Binary } else { Kind::Text };
        if kind == Kind::Text && simdutf8::basic::from_utf8(payload).is_err() {
            return Err(PyValueError::new_err("the payload of a text message must be UTF-8"));
        }
        self.server.publish(group.into(), kind, payload, droppable);
        Ok(())
    }

    fn stop(&self) {
        self.server.stop();
    }

    fn panic(&self) {
        self.server.panic();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(stream) = self.stream.try_lock() {
            stream.traverse(&visit)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let connections = self.stream().end();
        drop(connections);
    }
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct NetworkThread {
    server: Arc<stagedoor_server::Server>,
}

#[pymethods]
impl NetworkThread {
    fn wait_neglected(&self, py: Python<'_>, patience: f64) -> PyResult<bool> {
        let patience = seconds(patience)?;
        Ok(py.detach(|| self.server.wait_neglected(patience)))
    }

    fn join(&self, py: Python<'_>) {
        py.detach(|| self.server.join());
    }
}

fn checked(tokens: Vec<(String, u8)>) -> PyResult<Tokens> {
    Tokens::new(tokens).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn seconds(value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| PyValueError::new_err(format!("{value} is not a number of seconds >= 0")))
}

/// An `OSError` with errno, so that Python picks the right subclass, and the address in its text.
fn os_error(error: &std::io::Error, host: &str, port: u16) -> PyErr {
    let text = match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("{host}:{port} is in use already"),
        std::io::ErrorKind::PermissionDenied => {
            format!("{host}:{port} may not be used by this user")
        }
        std::io::ErrorKind::AddrNotAvailable => format!("{host} is not an address of this machine"),
        _ => format!("cannot listen on {host}:{port}: {error}"),
    };
    match error.raw_os_error() {
        Some(number) => PyOSError::new_err((number, text)),
        None => PyOSError::new_err(text),
    }
}
