//! [`stagedoor_protocol::Connection`] as its owner and a peer see it: bytes in, events and bytes
//! out.

mod closing;
mod deflate;
mod deflate_properties;
mod deflating;
mod keepalive;
mod properties;
mod receiving;
mod refusing;
mod sending;
mod support;
