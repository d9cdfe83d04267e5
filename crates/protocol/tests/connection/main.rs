//! [`stagedoor_protocol::Connection`] as its owner and a peer see it: bytes in, events and bytes out.

mod closing;
mod keepalive;
mod properties;
mod receiving;
mod refusing;
mod sending;
mod support;
