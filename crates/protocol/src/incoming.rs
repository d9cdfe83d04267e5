//! What comes out of received bytes.

use std::time::Instant;

use crate::connection::Connection;
use crate::error::ProtocolError;
use crate::message::{Kind, Payload};
use crate::receiver::{Received, Unread};

/// What the peer did. After [`Closed`](Self::Closed) or [`Failed`](Self::Failed) there is nothing
/// more: later bytes are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message. Messages still come after our own close frame, until the peer's.
    Message {
        /// Text or binary.
        kind: Kind,
        /// The bytes; valid UTF-8 for text.
        payload: Payload<'a>,
    },
    /// The answer to a ping, or so the peer says.
    Pong {
        /// The bytes of the ping.
        payload: Payload<'a>,
    },
    /// The peer's close frame. Our answer is queued if we had not closed.
    Closed {
        /// The code, or 1005 if the frame had none.
        code: u16,
        /// The reason, often empty.
        reason: String,
    },
    /// The peer broke the protocol. Our close frame is queued, and data that waited is dropped.
    Failed(ProtocolError),
}

/// The events of one [`Connection::receive`]. Drive it to its end: otherwise the rest of the bytes
/// is lost, and later ones are misread. Pings are answered on the way. If there are too many, only
/// the newest is answered, at the end.
#[derive(Debug)]
#[must_use = "the bytes are read as the iterator is driven"]
pub struct Incoming<'a> {
    connection: &'a mut Connection,
    unread: Unread<'a>,
    now: Instant,
    /// The newest of the pings that are not answered one by one.
    unanswered: Option<Payload<'a>>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(connection: &'a mut Connection, bytes: &'a mut [u8], now: Instant) -> Self {
        Self { connection, unread: Unread(bytes), now, unanswered: None }
    }
}

impl<'a> Iterator for Incoming<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            let Some(received) = self.connection.next_received(&mut self.unread) else {
                if let Some(payload) = self.unanswered.take() {
                    self.connection.pong(&payload);
                }
                return None;
            };
            match received {
                Ok(Received::Message { kind, payload }) => {
                    return Some(Event::Message { kind, payload });
                }
                Ok(Received::Ping(payload)) => {
                    if self.connection.counts_ping(self.now) {
                        self.connection.pong(&payload);
                    } else {
                        self.unanswered = Some(payload);
                    }
                }
                Ok(Received::Pong(payload)) => return Some(Event::Pong { payload }),
                Ok(Received::Close { code, reason }) => {
                    self.connection.peer_closed(code, self.now);
                    return Some(Event::Closed { code, reason });
                }
                Err(error) => {
                    self.connection.fail(error, self.now);
                    return Some(Event::Failed(error));
                }
            }
        }
    }
}
