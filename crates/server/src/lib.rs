//! The network thread of stagedoor: sockets, timers, queues, the HTTP side, who may connect.
//!
//! [`Server::listen`] binds and starts one thread. That thread owns every socket; the program that
//! started it owns every decision. Two queues join them: the inbox carries [`Event`]s to the
//! program, the outbox carries what it sends, and each side takes the other's whole batch under one
//! lock. Nothing here knows Python.
//!
//! Each room may use those above it in this list, and no others:
//!
//! | room | what is in it |
//! |---|---|
//! | `io` | what is asked of the system: sockets, TLS, the time, where the threads are |
//! | `gate` | who may come in |
//! | `http` | the answers to plain HTTP requests |
//! | `settings` | what a server allows |
//! | `queues` | what passes between the program and the network thread |
//! | `peer` | one connected socket, from accept to the end |
//! | `network` | the loop over all peers |
//! | `server` | the program's side |
//!
//! `tests/unit/test_layering.py` holds the imports to it.

mod gate;
mod http;
mod io;
mod network;
mod peer;
mod queues;
mod server;
mod settings;

pub use gate::token_gate::WRONG_TOKEN_DELAY;
pub use gate::tokens::{InvalidToken, Tokens};
pub use http::File;
#[cfg(unix)]
pub use io::dump::Dump;
#[cfg(feature = "faults")]
pub use io::faults;
pub use io::tls::{TlsConfig, TlsError};
pub use queues::event::{Batch, CloseCause, Closed, Dropped, Event, Headers, Opened};
pub use queues::ids::{ConnectionId, GroupId};
pub use queues::outbox::{Account, SendError};
pub use queues::watch::{FrameCounter, Notice};
pub use server::{Paced, Server};
pub use settings::Settings;
pub use stagedoor_protocol::{HeadLimits, Kind};
