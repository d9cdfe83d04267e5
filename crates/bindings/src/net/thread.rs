//! The network thread, and the watch over the thread that the game runs on.

use std::sync::Arc;

use pyo3::prelude::*;
use stagedoor_server::{GroupId, Server};

use super::server::seconds;

/// For how long, the thread that polled last, and the groups that were told.
type Stalled = (f64, Option<u64>, Vec<u64>);

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct NetworkThread {
    server: Arc<Server>,
}

impl NetworkThread {
    pub(crate) fn of(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

#[pymethods]
impl NetworkThread {
    fn wait_neglected(&self, py: Python<'_>, patience: f64) -> PyResult<bool> {
        let patience = seconds(patience)?;
        Ok(py.detach(|| self.server.wait_neglected(patience)))
    }

    fn wait_stalled(&self, py: Python<'_>, threshold: f64) -> PyResult<Option<Stalled>> {
        let threshold = seconds(threshold)?;
        while py.detach(|| self.server.wait_stalled(threshold)) {
            // It may have taken long to get the GIL back.
            let told = self.server.acknowledge_stall();
            if !told.is_empty() || !self.server.is_attended() {
                let stalled_for = self.server.stalled_for().as_secs_f64();
                let told = told.into_iter().map(GroupId::get).collect();
                return Ok(Some((stalled_for, self.server.attendant(), told)));
            }
        }
        Ok(None)
    }

    fn wait_back(&self, py: Python<'_>, timeout: f64) -> PyResult<Option<(f64, bool)>> {
        let timeout = seconds(timeout)?;
        let end = py.detach(|| self.server.wait_back(timeout));
        Ok(end.map(|(total, is_back)| (total.as_secs_f64(), is_back)))
    }

    fn end_watch(&self) {
        self.server.end_watch();
    }

    #[staticmethod]
    #[cfg(unix)]
    fn free_signal() -> Option<i32> {
        stagedoor_server::Dump::free_signal()
    }

    #[staticmethod]
    #[cfg(not(unix))]
    fn free_signal() -> Option<i32> {
        None
    }

    #[cfg(unix)]
    fn set_dump(&self, py: Python<'_>, signal: i32, pipe: i32) {
        use std::os::fd::{FromRawFd, OwnedFd};
        // SAFETY: the caller gives up a descriptor that it owns.
        let pipe = unsafe { OwnedFd::from_raw_fd(pipe) };
        let dump = stagedoor_server::Dump::new(signal, pipe);
        py.detach(|| self.server.set_dump(Some(dump)));
    }

    #[cfg(not(unix))]
    fn set_dump(&self, _signal: i32, _pipe: i32) {}

    #[cfg(unix)]
    fn end_dump(&self, py: Python<'_>) {
        py.detach(|| self.server.set_dump(None));
    }

    #[cfg(not(unix))]
    fn end_dump(&self) {}

    fn join(&self, py: Python<'_>) {
        py.detach(|| self.server.join());
    }
}
