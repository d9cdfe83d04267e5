//! Why a connection ended, as an enum that Python can compare.

use pyo3::prelude::*;
use stagedoor_server::CloseCause as Cause;

#[pyclass(
    eq,
    eq_int,
    frozen,
    hash,
    from_py_object,
    module = "stagedoor._core",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CloseCause {
    Clean,
    Left,
    Stopping,
    Violation,
    TimedOut,
    NoMemory,
    Failed,
}

impl From<Cause> for CloseCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Clean => Self::Clean,
            Cause::Left => Self::Left,
            Cause::Stopping => Self::Stopping,
            Cause::Violation => Self::Violation,
            Cause::TimedOut => Self::TimedOut,
            Cause::NoMemory => Self::NoMemory,
            Cause::Failed => Self::Failed,
        }
    }
}
