//! The network thread of stagedoor: sockets, timers, queues, the HTTP side, who may connect.
//!
//! [`Server::listen`] binds and starts one thread. That thread owns every socket; the program
//! that started it owns every decision. Two queues join them: the inbox carries [`Event`]s to
//! the program, the outbox carries what it sends, and each side takes the other's whole batch
//! under one lock. Nothing here knows Python.

mod admission;
mod backlog;
mod clock;
mod descriptors;
mod door;
#[cfg(unix)]
mod dump;
mod event;
mod failures;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(not(feature = "faults"))]
#[path = "no_faults.rs"]
mod faults;
mod groups;
mod http;
mod inbox;
mod lead;
mod memberships;
mod network;
mod open;
mod outbox;
mod peer;
mod place;
mod refusals;
mod server;
mod settings;
mod shared;
mod socket;
mod stall;
mod stream;
mod thread;
mod timers;
mod tls;
mod tokens;

#[cfg(unix)]
pub use dump::Dump;
pub use event::{Batch, Closed, Event, Headers, Opened};
pub use groups::GroupId;
pub use memberships::Dropped;
pub use outbox::{Account, ConnectionId, SendError};
pub use server::Server;
pub use settings::Settings;
pub use stagedoor_protocol::{HeadLimits, Kind};
pub use stall::Notice;
pub use tls::{TlsConfig, TlsError};
pub use tokens::{InvalidToken, Tokens};
