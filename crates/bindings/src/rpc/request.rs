//! A JSON-RPC request as Python objects.

use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes, PyString, PyTuple};
use stagedoor_rpc::Request;

/// `(method, params, id)`.
pub(crate) fn read<'py>(
    py: Python<'py>,
    text: &str,
    max_nesting: usize,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let Some(request) = Request::read(text, max_nesting) else { return Ok(None) };
    let method = PyString::new(py, request.method);
    let params = request.params.map(|params| PyBytes::new(py, params.as_bytes()));
    let id: Bound<'py, PyAny> = match request.id.strip_prefix('"') {
        Some(text) => PyString::new(py, text.trim_end_matches('"')).into_any(),
        None => request.id.parse::<i64>()?.into_pyobject(py)?.into_any(),
    };
    (method, params, id).into_pyobject(py).map(Some)
}
