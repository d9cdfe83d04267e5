//! What happens, as the network thread tells the program.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use stagedoor_protocol::Kind;

use super::ids::{ConnectionId, GroupId};
use super::outbox::Account;

/// Something that happened, in the order in which it happened.
#[derive(Debug)]
pub enum Event {
    /// A client has finished its opening handshake.
    Opened(ConnectionId, Box<Opened>),
    /// A whole message; its bytes are at this range of the batch's arena.
    Message(ConnectionId, Kind, Range<usize>),
    /// A whole message that was assembled in an allocation of its own.
    LargeMessage(ConnectionId, Kind, Vec<u8>),
    /// The kernel has this many more of the messages that were sent with a receipt.
    Sent(ConnectionId, usize),
    /// Something went wrong with a connection, or a broadcast did not fit its queue.
    Failed(ConnectionId, Box<str>),
    /// Messages of a group were lost, and the connection takes data again.
    Dropped(ConnectionId, Dropped),
    /// The last event of a connection.
    Closed(ConnectionId, Box<Closed>),
    /// A client was refused. The text is a line for the log; for each status there is at most one a
    /// minute.
    Refused(Box<str>),
    /// The last event of a server: every connection is closed and the thread has ended. The text
    /// says why, if the program did not ask for it.
    Stopped(Option<Box<str>>),
}

/// What is known of a connection when it opens.
#[derive(Debug)]
pub struct Opened {
    /// The request target's path and query, as sent.
    pub path: String,
    /// The headers of the request, in order, names as sent. A server with tokens leaves the tokens
    /// out.
    pub headers: Headers,
    /// The chosen subprotocol.
    pub subprotocol: Option<String>,
    /// Who connected.
    pub remote_address: SocketAddr,
    /// The role of its token; `None`: it has shown none.
    pub role: Option<u8>,
    /// How often the tokens had been replaced when its own was checked.
    pub token_generation: u64,
    /// The account of what is sent to it.
    pub account: Arc<Account>,
}

impl Opened {
    fn size(&self) -> usize {
        self.path.len() + self.headers.0.len()
    }
}

/// The headers of a request. They stay as long as their connection, so all are in one allocation:
/// names and values, a line for each.
#[derive(Clone, Debug, Default)]
pub struct Headers(Box<str>);

impl Headers {
    /// Each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut lines = self.0.split_terminator('\n');
        std::iter::from_fn(move || Some((lines.next()?, lines.next()?)))
    }

    /// Takes these names and values, none of which contains a line break (RFC 9110, section 5.5).
    pub(crate) fn of<'a>(headers: impl Iterator<Item = (&'a str, Cow<'a, str>)>) -> Self {
        let mut text = String::new();
        for (name, value) in headers {
            text.extend([name, "\n", &*value, "\n"]);
        }
        Self(text.into())
    }
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The peer's close code, ours when the peer broke the protocol, else 1006.
    pub code: u16,
    /// The reason that came with the code.
    pub reason: String,
    /// Why.
    pub cause: CloseCause,
    /// What went wrong, for people; `None` if the cause is `Clean`.
    pub error: Option<String>,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCause {
    /// Both sides sent a close frame.
    Clean,
    /// The peer closed its socket, or reset it, without a close frame.
    Left,
    /// The program stops the server.
    Stopping,
    /// The peer broke the protocol, or TLS.
    Violation,
    /// The peer did not take data, or did not answer, in time.
    TimedOut,
    /// There was no memory left for an incomplete message of the peer.
    NoMemory,
    /// The socket failed.
    Failed,
}

/// The messages of a group that a connection lost while it took no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The group whose messages were lost.
    pub group: GroupId,
    /// How many.
    pub count: u64,
    /// All of them were published before the message of this number, counted from 1 in each
    /// group: the next one that the connection got, or will get.
    pub before: u64,
}

/// One message to the members of a group.
#[derive(Clone)]
pub(crate) struct Publication {
    /// Counts the messages of its group from 1.
    pub(crate) number: u64,
    /// Encoded once for all.
    pub(crate) frame: Arc<[u8]>,
    /// A member that is behind gets only the newest of these.
    pub(crate) droppable: bool,
    /// A member's pong with this number says that it has read the message. Until it has read the
    /// last ones, it gets no more of these.
    pub(crate) mark: Option<u64>,
}

/// Events with the bytes of their messages.
#[derive(Debug, Default)]
pub struct Batch {
    /// What happened.
    pub events: Vec<Event>,
    /// The bytes of the messages.
    pub arena: Vec<u8>,
    /// Bytes that the events have outside of the arena.
    outside: usize,
}

impl Batch {
    /// An arena that grew beyond this is given back after use.
    const KEEP: usize = 1 << 20;
    /// What an event counts for, besides its payload.
    const EVENT: usize = 64;

    pub(crate) fn push(&mut self, event: Event) {
        self.outside += event.own_bytes();
        self.events.push(event);
    }

    pub(crate) fn message(&mut self, id: ConnectionId, kind: Kind, payload: &[u8]) {
        let start = self.arena.len();
        self.arena.extend_from_slice(payload);
        self.events.push(Event::Message(id, kind, start..self.arena.len()));
    }

    pub(crate) fn failed(&mut self, id: ConnectionId, text: &str) {
        self.push(Event::Failed(id, text.into()));
    }

    /// Ready for use again.
    pub fn clear(&mut self) {
        self.events.clear();
        self.outside = 0;
        self.arena.clear();
        self.arena.shrink_to(Self::KEEP);
    }

    pub(crate) fn append(&mut self, other: &mut Self) {
        let offset = self.arena.len();
        self.outside += std::mem::take(&mut other.outside);
        self.arena.append(&mut other.arena);
        self.events.extend(other.events.drain(..).map(|event| match event {
            Event::Message(id, kind, range) => {
                Event::Message(id, kind, range.start + offset..range.end + offset)
            }
            other => other,
        }));
    }

    pub(crate) fn weight(&self) -> usize {
        self.arena.len() + self.outside + self.events.len() * Self::EVENT
    }
}

impl Event {
    /// What this event weighs in the sum that `max_receive_memory` limits.
    pub fn weight(&self) -> usize {
        let shared = if let Self::Message(_, _, range) = self { range.len() } else { 0 };
        Batch::EVENT + shared + self.own_bytes()
    }

    /// Whose event this is, if it was read from that connection.
    pub fn source(&self) -> Option<ConnectionId> {
        match self {
            Self::Opened(id, _) | Self::Message(id, ..) | Self::LargeMessage(id, ..) => Some(*id),
            _ => None,
        }
    }

    /// Whose event this is; `None`: the server's own.
    pub fn owner(&self) -> Option<ConnectionId> {
        match self {
            Self::Sent(id, _)
            | Self::Failed(id, _)
            | Self::Dropped(id, _)
            | Self::Closed(id, _) => Some(*id),
            Self::Refused(_) | Self::Stopped(_) => None,
            _ => self.source(),
        }
    }

    fn own_bytes(&self) -> usize {
        match self {
            Self::LargeMessage(_, _, payload) => payload.len(),
            Self::Opened(_, opened) => opened.size(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_were() {
        let headers = [("Host", "127.0.0.1"), ("X-Empty", ""), ("Host", "twice: é")];
        let kept = Headers::of(headers.iter().map(|&(name, value)| (name, value.into())));
        assert_eq!(kept.iter().collect::<Vec<_>>(), headers);
        assert_eq!(Headers::default().iter().next(), None);
    }
}
