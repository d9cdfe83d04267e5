//! Calls that need nothing unusual, from the message to its answer.
//!
//! `stagedoor.live.rpc.session` can do all this, too, but more slowly. It gets every message that
//! is not answered here, before anything was done about it. A call that has begun here and does not
//! end as usual is ended by `stagedoor.live.rpc.plain`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use stagedoor_rpc::Request;

use super::methods::{FastMethod, FastMethods};
use super::running::{Running, RunningCalls};
use crate::net::connection::check_text;

/// Answers calls of one session.
#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct FastPath {
    methods: Py<FastMethods>,
    running: Py<RunningCalls>,
    audit: Py<PyAny>,
    check_surface: Py<PyAny>,
    encode: Py<PyAny>,
    check_json: Py<PyAny>,
    send: Py<PyAny>,
    unsent: Py<PyAny>,
    overran: Py<PyAny>,
    ended: Py<PyAny>,
    max_nesting: usize,
    max_answer_size: usize,
    caller: Mutex<Caller>,
}

struct Caller {
    /// 0: the caller has no role yet.
    role: u8,
    /// What the audit knows it by.
    name: Py<PyAny>,
}

#[pymethods]
impl FastPath {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "they have names")]
    #[pyo3(signature = (
        *, methods, running, audit, check_surface, encode, check_json, send, unsent, overran,
        ended, max_nesting, max_answer_size
    ))]
    fn new(
        py: Python<'_>,
        methods: Py<FastMethods>,
        running: Py<RunningCalls>,
        audit: Py<PyAny>,
        check_surface: Py<PyAny>,
        encode: Py<PyAny>,
        check_json: Py<PyAny>,
        send: Py<PyAny>,
        unsent: Py<PyAny>,
        overran: Py<PyAny>,
        ended: Py<PyAny>,
        max_nesting: usize,
        max_answer_size: usize,
    ) -> Self {
        Self {
            methods,
            running,
            audit,
            check_surface,
            encode,
            check_json,
            send,
            unsent,
            overran,
            ended,
            max_nesting,
            max_answer_size,
            caller: Mutex::new(Caller { role: 0, name: py.None() }),
        }
    }

    #[pyo3(signature = (caller, role, /))]
    fn set_caller(&self, caller: Py<PyAny>, role: u8) {
        let replaced = std::mem::replace(&mut *self.caller(), Caller { role, name: caller });
        drop(replaced); // not under the lock
    }

    #[pyo3(signature = (message, /))]
    fn answer(&self, message: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = message.py();
        let Ok(message) = message.cast::<PyString>() else { return Ok(false) };
        let Ok(text) = message.to_str() else { return Ok(false) };
        let Some(request) = Request::read(text, self.max_nesting) else { return Ok(false) };
        let Some(method) = self.methods.get().get(py, request.method) else { return Ok(false) };
        let method = method.get();
        if self.caller().role < method.role {
            return Ok(false);
        }
        let answer = match method.arguments(py, request.params, &self.methods.get().as_tuple) {
            Ok((params, arguments)) => {
                let params = request.params.map(|_| params);
                self.call(message, method, params, arguments, request.id)?
            }
            // They do not fit, or a type of the game raised: the session will say why.
            Err(error) if !error.is_instance_of::<PyKeyboardInterrupt>(py) => return Ok(false),
            Err(error) => {
                let running = self.begin(message, method)?;
                self.ended(&running, None, Some(error))?
            }
        };
        if let Some(answer) = answer {
            let refusal = self.send.bind(py).call1((answer,))?;
            if !refusal.is_none() {
                self.unsent.bind(py).call1((refusal,))?;
            }
        }
        Ok(true)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.methods)?;
        visit.call(&self.audit)?;
        visit.call(&self.encode)?;
        visit.call(&self.send)?;
        visit.call(&self.unsent)?;
        visit.call(&self.overran)?;
        visit.call(&self.ended)
    }
}

impl FastPath {
    fn caller(&self) -> MutexGuard<'_, Caller> {
        self.caller.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
        let running = self.begin(message, method)?;
        let returned = method.function.bind(py).call1(arguments);
        let answered = match &returned {
            Ok(result) => self.encode(result, id).and_then(|answer| {
                if method.is_audited {
                    self.note(py, method, params, &running.get().began)?;
                }
                Ok(answer)
            }),
            Err(error) => Err(error.clone_ref(py)),
        };
        match answered {
            Ok(answer) if self.running.get().end(&running) => Ok(Some(answer.into_any())),
            Ok(_) => {
                self.overran.bind(py).call1((running,))?;
                Ok(None)
            }
            Err(error) => match returned {
                // It cannot be encoded; the session encodes it again, and says why.
                Ok(result) if !error.is_instance_of::<PyKeyboardInterrupt>(py) => {
                    self.ended(&running, Some(result), None)
                }
                _ => self.ended(&running, None, Some(error)),
            },
        }
    }

    fn begin<'py>(
        &self,
        message: &Bound<'py, PyString>,
        method: &FastMethod,
    ) -> PyResult<Bound<'py, Running>> {
        let py = message.py();
        let asked = message.clone().into_any().unbind();
        self.running.get().begin(py, asked, method.method.clone_ref(py), self.send.clone_ref(py))
    }

    /// Lets Python end a call that did not end as usual. Returns what `call` does.
    fn ended<'py>(
        &self,
        running: &Bound<'py, Running>,
        result: Option<Bound<'py, PyAny>>,
        error: Option<PyErr>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = running.py();
        let error = error.map(|error| error.into_value(py));
        let answer = self.ended.bind(py).call1((running, result, error))?;
        Ok((!answer.is_none()).then_some(answer))
    }

    /// Tells the audit of a call that went well.
    fn note<'py>(
        &self,
        py: Python<'py>,
        method: &FastMethod,
        params: Option<Bound<'py, PyBytes>>,
        began: &Py<PyAny>,
    ) -> PyResult<()> {
        let caller = self.caller().name.clone_ref(py);
        let params = params.filter(|_| !method.takes_secrets);
        self.audit.bind(py).call1((caller, &method.name, params, py.None(), began))?;
        Ok(())
    }

    /// The whole answer. Raises what the encoders raise, and `ValueError` for one that is too
    /// large, or that is no text. Whether what the encoders took as it is (`msgspec.Raw`) is JSON,
    /// is for `check_json`.
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
        if !is_small && !result.is_exact_instance_of::<PyString>() {
            self.check_json.bind(py).call1((&text,))?;
            check_text(text.as_bytes())?;
        }
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
