//! RFC 6455 and RFC 7692, the server's side, without I/O: bytes in, events and bytes out.
//!
//! There is no socket, thread or clock in here. Whoever owns the transport drives two machines,
//! one after the other:
//!
//! 1. [`HeadReader`] collects the request head; [`upgrade`] checks the opening handshake and
//!    [`Upgrade::response`] answers it. A [`Refusal`] is a whole HTTP response instead.
//! 2. [`Connection`] takes the bytes that follow, returns [`Event`]s, and has the bytes to write.
//!    Its doc comment says which calls to make, in which order.
//!
//! Between the two, [`Compression`] may accept an offer of permessage-deflate.
//!
//! Time is always an argument.

pub mod close_code;
mod connection;
mod deflate;
mod error;
mod frame;
mod handshake;
mod heartbeat;
mod incoming;
mod message;
mod outgoing;
mod receiver;
mod utf8;

pub use connection::{Config, Connection, State, Timeout};
pub use deflate::{Compression, Deflate};
pub use error::ProtocolError;
pub use handshake::{
    HeadLimits, HeadReader, Method, Refusal, Request, Upgrade, accept_key, upgrade,
};
pub use incoming::{Event, Incoming};
pub use message::{Kind, Payload};
pub use outgoing::{Frame, LARGE_PAYLOAD, encode_frame, encode_frame_and_ping};
