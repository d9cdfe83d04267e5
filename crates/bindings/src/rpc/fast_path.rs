//! Calls that need nothing unusual, from the message to its answer.
//!
//! `stagedoor.live.rpc.session` can do all this, too, but more slowly. It gets every message that
//! is not answered here, before anything was done about it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyException, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_rpc::Request;

/// A plain method whose params all go by position.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct FastMethod {
    method: Py<PyAny>,
    name: Py<PyString>,
    function: Py<PyAny>,
    decode_object: Py<PyAny>,
    decode_array: Py<PyAny>,
    role: u8,
    is_audited: bool,
    takes_secrets: bool,
}

#[pymethods]
impl FastMethod {
    #[new]
    #[pyo3(signature = (method, /, *, decode_object, decode_array))]
    fn new(
        method: &Bound<'_, PyAny>,
        decode_object: Py<PyAny>,
        decode_array: Py<PyAny>,
    ) -> PyResult<Self> {
        Ok(Self {
            method: method.clone().unbind(),
            name: method.getattr("name")?.cast_into::<PyString>()?.unbind(),
            function: method.getattr("function")?.unbind(),
            decode_object,
            decode_array,
            role: method.getattr("role")?.extract()?,
            is_audited: method.getattr("is_audited")?.extract()?,
            takes_secrets: method.getattr("takes_secrets")?.extract()?,
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.method)?;
        visit.call(&self.function)
    }
}

impl FastMethod {
    /// The arguments of the function. `None`: they do not fit, and the session will say why.
    fn arguments<'py>(
        &self,
        py: Python<'py>,
        params: Option<&str>,
        as_tuple: &Py<PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyBytes>, Bound<'py, PyTuple>)>> {
        let text = params.unwrap_or("{}");
        let decode = if text.starts_with('{') { &self.decode_object } else { &self.decode_array };
        let text = PyBytes::new(py, text.as_bytes());
        match decode.bind(py).call1((&text,)) {
            Ok(params) => {
                let values = as_tuple.bind(py).call1((params,))?;
                Ok(Some((text, values.cast_into()?)))
            }
            Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The methods of one stage that can be called natively, by name, and what all of these calls need.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct FastMethods {
    by_name: Mutex<HashMap<String, Py<FastMethod>>>,
    as_tuple: Py<PyAny>,
    monotonic: Py<PyAny>,
}

impl FastMethods {
    fn by_name(&self) -> MutexGuard<'_, HashMap<String, Py<FastMethod>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, FastMethod>> {
        self.by_name().get(name).map(|method| method.bind(py).clone())
    }
}

#[pymethods]
impl FastMethods {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        Ok(Self {
            by_name: Mutex::default(),
            as_tuple: py.import("msgspec.structs")?.getattr("astuple")?.unbind(),
            monotonic: py.import("time")?.getattr("monotonic")?.unbind(),
        })
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

/// Answers calls of one session.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct FastPath {
    session: Py<PyAny>,
    methods: Py<FastMethods>,
    running: Py<PyDict>,
    audit: Py<PyAny>,
    check_surface: Py<PyAny>,
    encode: Py<PyAny>,
    send: Py<PyAny>,
    max_nesting: usize,
    max_answer_size: usize,
    /// 0: the caller has no role yet.
    role: AtomicU8,
}

#[pymethods]
impl FastPath {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "they have names")]
    #[pyo3(signature = (
        session, /, *, methods, running, audit, check_surface, encode, send, max_nesting,
        max_answer_size
    ))]
    fn new(
        session: Py<PyAny>,
        methods: Py<FastMethods>,
        running: Py<PyDict>,
        audit: Py<PyAny>,
        check_surface: Py<PyAny>,
        encode: Py<PyAny>,
        send: Py<PyAny>,
        max_nesting: usize,
        max_answer_size: usize,
    ) -> Self {
        Self {
            session,
            methods,
            running,
            audit,
            check_surface,
            encode,
            send,
            max_nesting,
            max_answer_size,
            role: AtomicU8::new(0),
        }
    }

    #[getter]
    fn role(&self) -> u8 {
        self.role.load(Ordering::Relaxed)
    }

    #[setter]
    fn set_role(&self, role: u8) {
        self.role.store(role, Ordering::Relaxed);
    }

    #[pyo3(signature = (message, /))]
    fn answer(&self, message: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = message.py();
        let Ok(message) = message.cast::<PyString>() else { return Ok(false) };
        let Ok(text) = message.to_str() else { return Ok(false) };
        let Some(request) = Request::read(text, self.max_nesting) else { return Ok(false) };
        let Some(method) = self.methods.get().get(py, request.method) else { return Ok(false) };
        let method = method.get();
        if self.role() < method.role {
            return Ok(false);
        }
        let Some((params, arguments)) =
            method.arguments(py, request.params, &self.methods.get().as_tuple)?
        else {
            return Ok(false);
        };
        let params = request.params.map(|_| params);
        if let Some(answer) = self.call(message, method, params, arguments, request.id)? {
            let refusal = self.send.bind(py).call1((answer,))?;
            if !refusal.is_none() {
                self.session.bind(py).call_method1(intern!(py, "unsent"), (refusal,))?;
            }
        }
        Ok(true)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.session)?;
        visit.call(&self.methods)?;
        visit.call(&self.running)?;
        visit.call(&self.audit)?;
        visit.call(&self.encode)?;
        visit.call(&self.send)
    }
}

impl FastPath {
    /// The answer; `None`: the call was answered meanwhile.
    fn call<'py>(
        &self,
        message: &Bound<'py, PyString>,
        method: &FastMethod,
        params: Option<Bound<'py, PyBytes>>,
        arguments: Bound<'py, PyTuple>,
        id: &str,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = message.py();
        let session = self.session.bind(py);
        let running = self.running.bind(py);
        let began = self.methods.get().monotonic.bind(py).call0()?;
        let entry = (session, message, &method.method, &self.send, &began).into_pyobject(py)?;
        let key = (entry.as_ptr() as usize).into_pyobject(py)?;
        running.set_item(&key, &entry)?;
        let returned = method.function.bind(py).call1(arguments);
        let answered = match &returned {
            Ok(result) => self.encode(result, id).and_then(|answer| {
                if method.is_audited {
                    let caller = session.getattr(intern!(py, "caller"))?;
                    let params = params.filter(|_| !method.takes_secrets);
                    self.audit.bind(py).call1((caller, &method.name, params, py.None(), &began))?;
                }
                Ok(answer)
            }),
            Err(error) => Err(error.clone_ref(py)),
        };
        match answered {
            Ok(answer) if running.contains(&key)? => {
                running.del_item(&key)?;
                Ok(Some(answer.into_any()))
            }
            Ok(_) => {
                session.call_method1(intern!(py, "overran"), (&method.method, began))?;
                Ok(None)
            }
            Err(error) => {
                let (result, error) = match returned {
                    // It cannot be encoded; the session encodes it again, and says why.
                    Ok(result) if error.is_instance_of::<PyException>(py) => (Some(result), None),
                    _ => (None, Some(error.into_value(py))),
                };
                let ended = (key, entry, result, error);
                let answer = session.call_method1(intern!(py, "ended"), ended)?;
                Ok((!answer.is_none()).then_some(answer))
            }
        }
    }

    /// The whole answer. Raises what the encoders raise, and `ValueError` for one that is too
    /// large.
    fn encode<'py>(&self, result: &Bound<'py, PyAny>, id: &str) -> PyResult<Bound<'py, PyBytes>> {
        let py = result.py();
        let is_small = result.is_none()
            || result.is_exact_instance_of::<PyInt>()
            || result.is_exact_instance_of::<PyBool>()
            || result.is_exact_instance_of::<PyFloat>();
        if !is_small {
            self.check_surface.bind(py).call1((result, self.max_answer_size))?;
        }
        let text = self.encode.bind(py).call1((result,))?.cast_into::<PyBytes>()?;
        let pieces: [&[u8]; 5] =
            [br#"{"jsonrpc":"2.0","result":"#, text.as_bytes(), br#","id":"#, id.as_bytes(), b"}"];
        let size = pieces.iter().map(|piece| piece.len()).sum();
        if size > self.max_answer_size {
            return Err(PyValueError::new_err("the answer is too large"));
        }
        PyBytes::new_with(py, size, |mut answer| {
            for piece in pieces {
                let (start, rest) = answer.split_at_mut(piece.len());
                start.copy_from_slice(piece);
                answer = rest;
            }
            Ok(())
        })
    }
}
