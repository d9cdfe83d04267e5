//! Why a message was not taken.

use pyo3::prelude::*;
use stagedoor_server::SendError;

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Refusal {
    error: SendError,
    /// Bytes of the message.
    size: usize,
}

impl Refusal {
    pub(crate) fn new(error: SendError, size: usize) -> Self {
        Self { error, size }
    }
}

#[pymethods]
impl Refusal {
    #[getter]
    fn is_closed(&self) -> bool {
        self.error == SendError::Closed
    }

    fn __str__(&self) -> String {
        match self.error {
            SendError::Closed => "the connection is closed".into(),
            SendError::Full { queued } => format!(
                "the send queue is full: {queued} bytes are waiting and {} more do not fit",
                self.size
            ),
        }
    }
}
