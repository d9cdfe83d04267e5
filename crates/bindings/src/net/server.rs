//! A listening server, as Python drives it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_server::{File, HeadLimits, Kind, Notice, Settings, Tokens};

use crate::frames::Frames;

use crate::allocator::give_back;

use super::connection::{Connection, check_text, with_payload};
use super::events::Stream;
use super::limits::Limits;
use super::thread::NetworkThread;
use super::tls::TlsConfig;

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Server {
    native: Arc<stagedoor_server::Server>,
    stream: Mutex<Stream>,
    /// The understudy has given back what it had in hand.
    given_back: Condvar,
    /// The program has something of its own to do in its next poll.
    reminder: AtomicBool,
}

impl Server {
    /// Notes that the program polls, and returns whether there is anything for it.
    pub(crate) fn attended(&self) -> bool {
        self.native.attend();
        self.native.has_events()
            || self.reminder.load(Ordering::Acquire)
            || self.stream.try_lock().map_or(true, |stream| stream.has_left())
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the stream, and releases the GIL while it waits: whoever has the lock may need the
    /// GIL. `is_game`: also waits until the understudy's hand is empty.
    fn stream_for(&self, py: Python<'_>, is_game: bool) -> MutexGuard<'_, Stream> {
        loop {
            let stream = match self.stream.try_lock() {
                Ok(stream) => Some(stream),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(stream) = stream.filter(|stream| !is_game || !stream.rows.is_in_hand()) {
                return stream;
            }
            py.detach(|| {
                let is_in_hand = |stream: &mut Stream| is_game && stream.rows.is_in_hand();
                drop(self.given_back.wait_while(self.stream(), is_in_hand));
            });
        }
    }
}

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (
        host, port, limits, /, *, hosts, origins, subprotocols, compression, tls, tokens,
        forgets_the_gone=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only options of the Python signature")]
    fn new(
        py: Python<'_>,
        host: &str,
        port: u16,
        limits: Limits,
        hosts: Vec<String>,
        origins: Vec<String>,
        subprotocols: Vec<String>,
        compression: bool,
        tls: Option<PyRef<'_, TlsConfig>>,
        tokens: Option<Vec<(String, u8)>>,
        forgets_the_gone: bool,
    ) -> PyResult<Self> {
        let settings = Settings {
            hosts,
            origins,
            subprotocols,
            compression,
            files: vec![File::welcome()],
            give_back: Some(give_back),
            tls: tls.map(|config| config.0.clone()),
            tokens: tokens.map(checked).transpose()?,
            max_connections: limits.max_connections,
            max_unauthenticated: limits.max_unauthenticated,
            max_failed_authentications: limits.max_failed_authentications,
            handshake_timeout: limits.handshake_timeout,
            head: HeadLimits {
                line: limits.max_request_line,
                headers: limits.max_headers,
                size: limits.max_head_size,
            },
            max_message_size: limits.max_message_size,
            max_unauthenticated_message_size: limits.max_unauthenticated_message_size,
            max_fragments: limits.max_fragments,
            max_receive_memory: limits.max_receive_memory,
            max_send_queue: limits.max_send_queue,
            max_pings_per_second: limits.max_pings_per_second,
            ping_interval: limits.ping_interval,
            ping_timeout: limits.ping_timeout,
            write_timeout: limits.write_timeout,
            close_timeout: limits.close_timeout,
            max_messages_per_second: limits.max_calls_per_second,
        };
        let server = py.detach(|| stagedoor_server::Server::listen(settings, host, port));
        let server = server.map_err(|error| os_error(&error, host, port))?;
        let native = Arc::new(server);
        Ok(Self {
            native,
            stream: Mutex::new(Stream::new(forgets_the_gone)),
            given_back: Condvar::new(),
            reminder: AtomicBool::new(false),
        })
    }

    #[getter]
    fn address(&self) -> (String, u16) {
        let address = self.native.address();
        (address.ip().to_string(), address.port())
    }

    #[getter]
    fn thread(&self) -> NetworkThread {
        NetworkThread::of(&self.native)
    }

    fn load(&self, py: Python<'_>) -> bool {
        self.native.attend();
        let is_reminded =
            self.reminder.load(Ordering::Acquire) && self.reminder.swap(false, Ordering::AcqRel);
        let mut stream = self.stream_for(py, true);
        let found = stream.load(&self.native) || is_reminded;
        if found {
            self.native.begin();
        }
        found
    }

    fn remind(&self) {
        self.reminder.store(true, Ordering::Release);
    }

    fn take<'py>(
        &self,
        receiver: &Bound<'py, PyList>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = receiver.py();
        self.native.flush();
        self.native.attend();
        self.stream_for(py, true).next(py, &self.native, receiver, limit)
    }

    #[pyo3(signature = (events, goes_on, /))]
    fn put_back(&self, py: Python<'_>, events: Vec<Py<PyTuple>>, goes_on: bool) {
        self.stream_for(py, true).put_back(events, goes_on);
    }

    #[getter]
    fn is_behind(&self, py: Python<'_>) -> bool {
        self.stream_for(py, true).has_left()
    }

    fn seize<'py>(
        &self,
        receiver: &Bound<'py, PyList>,
        untouched: Option<Bound<'py, PyIterator>>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = receiver.py();
        let mut stream = self.stream_for(py, false);
        if self.native.is_attended() || stream.rows.is_in_hand() {
            return Ok(PyList::empty(py));
        }
        let untouched = untouched
            .into_iter()
            .flatten()
            .map(|event| Ok(event?.cast_into::<PyTuple>()?.unbind()));
        let untouched = untouched.collect::<PyResult<_>>()?;
        stream.seize(&self.native, receiver, untouched, limit)
    }

    fn give_back(&self, py: Python<'_>, kept: Vec<(usize, Option<f64>)>) -> PyResult<()> {
        // A patience that is not a number of seconds has no end: nothing may fail before the hand
        // is empty.
        let patience = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
        let kept: Vec<_> =
            kept.into_iter().map(|(at, seconds)| (at, seconds.and_then(patience))).collect();
        let outcome = self.stream_for(py, false).give_back(&self.native, &kept);
        self.given_back.notify_all();
        drop(outcome?); // not under the lock, because this may run code of the program
        Ok(())
    }

    fn take_expired<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let expired = self.stream_for(py, false).take_expired(&self.native);
        PyList::new(py, expired.into_iter().map(|waiting| waiting.event))
    }

    fn set_stall_notices(&self, notices: Vec<(u64, [Vec<u8>; 6])>, frames: &Bound<'_, Frames>) {
        let notice = |(group, pieces): (u64, _)| Notice { group: group.into(), pieces };
        let notices = notices.into_iter().map(notice).collect();
        self.native.set_stall_notices(notices, frames.get().counter());
    }

    fn end(&self) {
        self.native.end();
    }

    fn wait(&self, py: Python<'_>, timeout: f64) -> PyResult<bool> {
        let timeout = seconds(timeout)?;
        Ok(py.detach(|| self.native.wait(timeout)))
    }

    fn lead(&self, py: Python<'_>, timeout: f64) -> PyResult<bool> {
        let timeout = seconds(timeout)?;
        Ok(py.detach(|| self.native.lead(timeout)))
    }

    #[cfg(unix)]
    fn set_notifier(&self, descriptor: i32) {
        use std::os::fd::{FromRawFd, OwnedFd};
        // SAFETY: the caller gives up a descriptor that it owns (`socket.detach()` in Python).
        let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
        self.native.set_notifier(Some(owned.into()));
    }

    #[cfg(windows)]
    fn set_notifier(&self, descriptor: u64) {
        use std::os::windows::io::{FromRawSocket, OwnedSocket};
        // SAFETY: the caller gives up a socket that it owns (`socket.detach()` in Python).
        let owned = unsafe { OwnedSocket::from_raw_socket(descriptor) };
        self.native.set_notifier(Some(owned.into()));
    }

    fn arm(&self, py: Python<'_>) -> bool {
        !self.stream_for(py, true).has_left() && self.native.arm()
    }

    #[pyo3(signature = (data, /))]
    fn broadcast(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        with_payload(data, |kind, payload| self.native.broadcast(kind, payload))
    }

    fn set_tokens(&self, tokens: Vec<(String, u8)>) -> PyResult<u64> {
        let generation = self.native.set_tokens(checked(tokens)?);
        generation.ok_or_else(|| PyValueError::new_err("the server was made without tokens"))
    }

    fn group(&self) -> u64 {
        self.native.open_group().get()
    }

    fn drop_group(&self, group: u64) {
        self.native.close_group(group.into());
    }

    fn join_group(&self, group: u64, connection: &Connection) -> PyResult<()> {
        self.native.join_group(group.into(), connection.id_at(&self.native)?);
        Ok(())
    }

    fn leave_group(&self, group: u64, connection: &Connection) -> PyResult<()> {
        self.native.leave_group(group.into(), connection.id_at(&self.native)?);
        Ok(())
    }

    #[pyo3(signature = (group, payload, *, droppable, binary=false))]
    fn publish(&self, group: u64, payload: &[u8], droppable: bool, binary: bool) -> PyResult<()> {
        let kind = if binary { Kind::Binary } else { Kind::Text };
        if kind == Kind::Text {
            check_text(payload)?;
        }
        self.native.publish(group.into(), kind, payload, droppable);
        Ok(())
    }

    #[pyo3(signature = (group, payload, /))]
    fn publish_paced(&self, group: u64, payload: &[u8]) -> Paced {
        Paced(self.native.publish_paced(group.into(), Kind::Binary, payload))
    }

    fn stop(&self) {
        self.native.stop();
    }

    fn panic(&self) {
        self.native.panic();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(stream) = self.stream.try_lock() {
            stream.traverse(&visit)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let objects = self.stream().end();
        drop(objects);
    }
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Paced(stagedoor_server::Paced);

#[pymethods]
impl Paced {
    #[getter]
    fn waiting(&self) -> usize {
        self.0.waiting()
    }
}

fn checked(tokens: Vec<(String, u8)>) -> PyResult<Tokens> {
    Tokens::new(tokens).map_err(|error| PyValueError::new_err(error.to_string()))
}

pub(crate) fn seconds(value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| PyValueError::new_err(format!("{value} is not a number of seconds >= 0")))
}

/// An `OSError` with errno, so that Python picks the right subclass, and the address in its text.
fn os_error(error: &std::io::Error, host: &str, port: u16) -> PyErr {
    let place =
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let text = match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("{place} is in use already"),
        std::io::ErrorKind::PermissionDenied => format!("{place} may not be used by this user"),
        std::io::ErrorKind::AddrNotAvailable => format!("{host} is not an address of this machine"),
        _ => format!("cannot listen on {place}: {error}"),
    };
    match error.raw_os_error() {
        Some(number) => PyOSError::new_err((number, text)),
        None => PyOSError::new_err(text),
    }
}
