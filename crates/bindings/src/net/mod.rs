//! A server, its connections and its events, as Python drives them.

pub(crate) mod close_cause;
pub(crate) mod connection;
pub(crate) mod events;
mod limits;
pub(crate) mod refusal;
mod rows;
pub(crate) mod server;
pub(crate) mod thread;
pub(crate) mod tls;
