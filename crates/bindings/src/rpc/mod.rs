//! JSON-RPC requests, read and answered natively.

pub(crate) mod fast_path;
pub(crate) mod request;
