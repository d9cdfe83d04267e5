//! The limits of a server, as `stagedoor.limits` declares them.

use std::num::NonZeroU64;
use std::time::Duration;

use pyo3::prelude::*;

use super::server::seconds;

/// Those of the fields of `stagedoor.Limits` that the server enforces. A default is there, never
/// here.
#[derive(Clone, Copy, FromPyObject)]
pub(super) struct Limits {
    pub(super) max_connections: usize,
    pub(super) max_unauthenticated: usize,
    pub(super) max_failed_authentications: usize,
    #[pyo3(from_py_with = duration)]
    pub(super) handshake_timeout: Duration,
    pub(super) max_request_line: usize,
    pub(super) max_headers: usize,
    pub(super) max_head_size: usize,
    pub(super) max_message_size: usize,
    pub(super) max_unauthenticated_message_size: usize,
    pub(super) max_fragments: usize,
    pub(super) max_receive_memory: usize,
    pub(super) max_send_queue: usize,
    #[pyo3(from_py_with = count)]
    pub(super) max_pings_per_second: u32,
    #[pyo3(from_py_with = optional_duration)]
    pub(super) ping_interval: Option<Duration>,
    #[pyo3(from_py_with = duration)]
    pub(super) ping_timeout: Duration,
    #[pyo3(from_py_with = duration)]
    pub(super) write_timeout: Duration,
    #[pyo3(from_py_with = duration)]
    pub(super) close_timeout: Duration,
    /// Of a server without a stage: none.
    pub(super) max_calls_per_second: Option<NonZeroU64>,
}

/// A number that does not fit is as good as the largest that does.
fn count(value: &Bound<'_, PyAny>) -> PyResult<u32> {
    Ok(u32::try_from(value.extract::<u64>()?).unwrap_or(u32::MAX))
}

fn duration(value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    seconds(value.extract()?)
}

fn optional_duration(value: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    value.extract::<Option<f64>>()?.map(seconds).transpose()
}
