//! JSON-RPC requests, read and answered natively.

pub(crate) mod fast_path;
pub(crate) mod methods;
pub(crate) mod request;
pub(crate) mod running;
