//! The opening handshake (RFC 6455 section 4.2, over HTTP/1.1).

mod authority;
mod head;
mod refusal;
mod request;
mod upgrade;

pub use head::{HeadLimits, HeadReader};
pub use refusal::Refusal;
pub use request::{Method, Request};
pub use upgrade::{Upgrade, accept_key, upgrade};
