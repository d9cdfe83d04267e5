//! The methods that can take the fast path.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

/// A plain method whose params all go by position.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct FastMethod {
    /// What Python knows it by.
    pub(crate) method: Py<PyAny>,
    pub(crate) name: Py<PyString>,
    pub(crate) function: Py<PyAny>,
    decode_object: Py<PyAny>,
    decode_array: Py<PyAny>,
    pub(crate) role: u8,
    pub(crate) is_audited: bool,
    pub(crate) takes_secrets: bool,
}

#[pymethods]
impl FastMethod {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "they have names")]
    #[pyo3(signature = (
        method, /, *, name, function, decode_object, decode_array, role, is_audited, takes_secrets
    ))]
    fn new(
        method: Py<PyAny>,
        name: Py<PyString>,
        function: Py<PyAny>,
        decode_object: Py<PyAny>,
        decode_array: Py<PyAny>,
        role: u8,
        is_audited: bool,
        takes_secrets: bool,
    ) -> Self {
        Self {
            method,
            name,
            function,
            decode_object,
            decode_array,
            role,
            is_audited,
            takes_secrets,
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.method)?;
        visit.call(&self.function)
    }
}

impl FastMethod {
    /// The arguments of the function, with the params as text. Raises what their decoder does.
    pub(crate) fn arguments<'py>(
        &self,
        py: Python<'py>,
        params: Option<&str>,
        as_tuple: &Py<PyAny>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyTuple>)> {
        let text = params.unwrap_or("{}");
        let decode = if text.starts_with('{') { &self.decode_object } else { &self.decode_array };
        let text = PyBytes::new(py, text.as_bytes());
        let params = decode.bind(py).call1((&text,))?;
        let values = as_tuple.bind(py).call1((params,))?;
        Ok((text, values.cast_into()?))
    }
}

/// The methods of one stage that can take the fast path, by name.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct FastMethods {
    by_name: Mutex<HashMap<String, Py<FastMethod>>>,
    /// Of msgspec: the values of a struct.
    pub(crate) as_tuple: Py<PyAny>,
}

impl FastMethods {
    fn by_name(&self) -> MutexGuard<'_, HashMap<String, Py<FastMethod>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, FastMethod>> {
        self.by_name().get(name).map(|method| method.bind(py).clone())
    }
}

#[pymethods]
impl FastMethods {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let as_tuple = py.import("msgspec.structs")?.getattr("astuple")?.unbind();
        Ok(Self { by_name: Mutex::default(), as_tuple })
    }

    #[pyo3(signature = (name, method, /))]
    fn add(&self, name: String, method: Py<FastMethod>) {
        let replaced = self.by_name().insert(name, method);
        drop(replaced); // not under the lock
    }

    #[pyo3(signature = (name, /))]
    fn discard(&self, name: &str) {
        let removed = self.by_name().remove(name);
        drop(removed);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A thread that holds the lock keeps what is in there alive.
        self.by_name
            .try_lock()
            .map_or(Ok(()), |methods| methods.values().try_for_each(|method| visit.call(method)))
    }

    fn __clear__(&self) {
        let methods = std::mem::take(&mut *self.by_name());
        drop(methods);
    }
}
