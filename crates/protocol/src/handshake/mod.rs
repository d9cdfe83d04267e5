//! The opening handshake (RFC 6455 section 4.2, over HTTP/1.1).

mod authority;
mod head;
mod refusal;
mod request;
mod upgrade;

pub use head::{HeadReader, MAX_HEAD_SIZE, MAX_HEADERS, MAX_REQUEST_LINE};
pub use refusal::Refusal;
pub use request::{Method, Request};
pub use upgrade::{Upgrade, accept_key, upgrade};
