//! The plain calls that run now. Each is answered once, by the thread that ends it first.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

/// A plain call under way.
///
/// The garbage collector does not look into it. It need not: `RunningCalls` drops it when the call
/// ends, so a cycle through it lives no longer than the call.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Running {
    #[pyo3(get)]
    asked: Py<PyAny>,
    #[pyo3(get)]
    method: Py<PyAny>,
    #[pyo3(get)]
    answer: Py<PyAny>,
    #[pyo3(get)]
    pub(crate) began: Py<PyAny>,
}

/// The plain calls of one stage that run now, the innermost last.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct RunningCalls {
    calls: Mutex<Vec<Py<Running>>>,
    monotonic: Py<PyAny>,
}

#[pymethods]
impl RunningCalls {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let monotonic = py.import("time")?.getattr("monotonic")?.unbind();
        Ok(Self { calls: Mutex::default(), monotonic })
    }

    #[pyo3(name = "begin", signature = (asked, method, answer, /))]
    fn begin_from_python<'py>(
        &self,
        py: Python<'py>,
        asked: Py<PyAny>,
        method: Py<PyAny>,
        answer: Py<PyAny>,
    ) -> PyResult<Bound<'py, Running>> {
        self.begin(py, asked, method, answer)
    }

    #[pyo3(name = "end", signature = (running, /))]
    fn end_from_python(&self, running: &Bound<'_, Running>) -> bool {
        self.end(running)
    }

    fn copy(&self, py: Python<'_>) -> Vec<Py<Running>> {
        self.calls().iter().map(|running| running.clone_ref(py)).collect()
    }

    fn __len__(&self) -> usize {
        self.calls().len()
    }
}

impl RunningCalls {
    pub(crate) fn begin<'py>(
        &self,
        py: Python<'py>,
        asked: Py<PyAny>,
        method: Py<PyAny>,
        answer: Py<PyAny>,
    ) -> PyResult<Bound<'py, Running>> {
        let began = self.monotonic.call0(py)?;
        let running = Bound::new(py, Running { asked, method, answer, began })?;
        self.calls().push(running.clone().unbind());
        Ok(running)
    }

    /// Ends a call. False: it was ended already.
    pub(crate) fn end(&self, running: &Bound<'_, Running>) -> bool {
        let ended = {
            let mut calls = self.calls();
            let at = calls.iter().rposition(|call| call.is(running));
            at.map(|at| calls.remove(at))
        };
        ended.is_some() // its object is dropped here, not under the lock
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Py<Running>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
