//! What passes between the program and the network thread.

pub(crate) mod event;
pub(crate) mod ids;
pub(crate) mod inbox;
mod lead;
pub(crate) mod outbox;
pub(crate) mod shared;
pub(crate) mod watch;
