//! A certificate and its key, as Python names them.

use std::path::PathBuf;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use stagedoor_server::TlsError;

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct TlsConfig(pub(crate) stagedoor_server::TlsConfig);

#[pymethods]
impl TlsConfig {
    #[new]
    #[pyo3(signature = (certificate, key))]
    fn new(py: Python<'_>, certificate: PathBuf, key: PathBuf) -> PyResult<Self> {
        // The key is read here, so that no traceback of Python can show it.
        let loaded = py.detach(move || stagedoor_server::TlsConfig::load(&certificate, &key));
        loaded.map(Self).map_err(|error| match error {
            TlsError::Unreadable { path, error } => unreadable(py, path, &error),
            invalid @ TlsError::Invalid { .. } => PyValueError::new_err(format!("tls: {invalid}")),
        })
    }
}

/// The `OSError` that `open()` would raise.
fn unreadable(py: Python<'_>, path: PathBuf, error: &std::io::Error) -> PyErr {
    let Some(number) = error.raw_os_error() else {
        return PyOSError::new_err(format!("{}: {error}", path.display()));
    };
    let text = py.import("os").and_then(|os| os.call_method1("strerror", (number,)));
    match text.and_then(|text| text.extract::<String>()) {
        Ok(text) => PyOSError::new_err((number, text, path.into_os_string())),
        Err(error) => error,
    }
}
