//! `stagedoor._core`: the server for Python, thin.
//!
//! What each name means to a Python caller is written in `python/stagedoor/_core.pyi`, which is
//! checked against this module. Nothing here runs on the network thread.

mod allocator;
mod frames;
mod net;
mod pictures;
mod rpc;

use pyo3::pymodule;

#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_export]
    use super::frames::{Frames, Span, Waiting};
    #[pymodule_export]
    use super::net::close_cause::CloseCause;
    #[pymodule_export]
    use super::net::connection::{Connection, ignore};
    #[pymodule_export]
    use super::net::refusal::Refusal;
    #[pymodule_export]
    use super::net::server::{Paced, Server};
    #[pymodule_export]
    use super::net::thread::NetworkThread;
    #[pymodule_export]
    use super::net::tls::TlsConfig;
    #[pymodule_export]
    use super::pictures::{Order, RawPicture, Studio};
    #[pymodule_export]
    use super::rpc::fast_path::FastPath;
    #[pymodule_export]
    use super::rpc::methods::{FastMethod, FastMethods};
    #[pymodule_export]
    use super::rpc::running::{Running, RunningCalls};

    #[pymodule_export]
    const SENT: u8 = super::net::events::SENT;
    #[pymodule_export]
    const OPENED: u8 = super::net::events::OPENED;
    #[pymodule_export]
    const FAILED: u8 = super::net::events::FAILED;
    #[pymodule_export]
    const CLOSED: u8 = super::net::events::CLOSED;
    #[pymodule_export]
    const STOPPED: u8 = super::net::events::STOPPED;
    #[pymodule_export]
    const DROPPED: u8 = super::net::events::DROPPED;
    #[pymodule_export]
    const REFUSED: u8 = super::net::events::REFUSED;

    #[pymodule_export]
    const WRONG_TOKEN_DELAY: f64 = stagedoor_server::WRONG_TOKEN_DELAY.as_secs_f64();

    #[pymodule_export]
    const SPAN: u8 = super::frames::SPAN;
    #[pymodule_export]
    const GC: u8 = super::frames::GC;
    #[pymodule_export]
    const IDLE: u8 = super::frames::IDLE;

    #[pyfunction]
    #[pyo3(signature = (text, max_nesting, /))]
    fn read_request<'py>(
        py: Python<'py>,
        text: &str,
        max_nesting: usize,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        super::rpc::request::read(py, text, max_nesting)
    }

    #[pyfunction]
    #[pyo3(signature = (text, most, /))]
    fn without_deeper(text: &str, most: usize) -> Option<String> {
        stagedoor_rpc::without_deeper(text, most)
    }
}
