//! What the program hands to the network thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use stagedoor_protocol::{Frame, Kind};

use super::ids::{ConnectionId, GroupId};
use crate::gate::tokens::Tokens;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The connection is closed or closing.
    Closed,
    /// The message does not fit into the connection's queue.
    Full {
        /// Bytes waiting already.
        queued: u64,
    },
}

/// How much one connection has been given to send, how much of it the kernel has, how many messages
/// it is charged with beside those that were read, and how much of what it brought is handled: read
/// and written by both sides.
#[derive(Debug, Default)]
pub struct Account {
    given: AtomicU64,
    written: AtomicU64,
    closed: AtomicBool,
    messages: AtomicU64,
    handled: AtomicU64,
}

impl Account {
    /// Bytes given and not yet accepted by the kernel, frame headers included.
    pub fn queued(&self) -> u64 {
        let written = self.written.load(Ordering::Acquire);
        self.given.load(Ordering::Acquire).saturating_sub(written)
    }

    /// No further message will be taken.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Counts so many messages more than were read against `max_messages_per_second`: one that
    /// holds many.
    pub fn charge_messages(&self, count: u64) {
        self.messages.fetch_add(count, Ordering::Relaxed);
    }

    /// What [`Account::charge_messages`] has counted since the last call.
    pub(crate) fn take_messages(&self) -> u64 {
        // Nearly always there is nothing, and a load is cheaper.
        if self.messages.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.messages.swap(0, Ordering::Relaxed)
    }

    /// The program has handled so much of what was read from the connection (`Event::weight` of the
    /// events with an `Event::source`).
    pub fn handle(&self, weight: usize) {
        self.handled.fetch_add(weight as u64, Ordering::Release);
    }

    /// What [`Account::handle`] has counted.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Charges for one message if there is room; an empty queue takes any single message.
    pub(crate) fn charge(&self, bytes: u64, limit: u64) -> Result<(), SendError> {
        if self.is_closed() {
            return Err(SendError::Closed);
        }
        let queued = self.queued();
        if queued > 0 && queued + bytes > limit {
            return Err(SendError::Full { queued });
        }
        self.given.fetch_add(bytes, Ordering::AcqRel);
        Ok(())
    }

    /// What was charged for has become smaller or larger by compression.
    pub(crate) fn correct(&self, charged: u64, bytes: u64) {
        if bytes < charged {
            self.given.fetch_sub(charged - bytes, Ordering::AcqRel);
        } else if bytes > charged {
            self.given.fetch_add(bytes - charged, Ordering::AcqRel);
        }
    }

    pub(crate) fn written(&self, position: u64) {
        self.written.store(position, Ordering::Release);
    }
}

/// The size of a server's frame around this payload.
pub(crate) fn frame_size(payload: usize) -> u64 {
    let header = match payload {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    };
    payload as u64 + header
}

pub(crate) enum Command {
    /// The payload lies in the outbox's arena.
    Send {
        to: ConnectionId,
        kind: Kind,
        start: usize,
        end: usize,
        receipt: bool,
    },
    /// A large message, not worth a second copy.
    SendLarge {
        to: ConnectionId,
        frame: Frame,
        receipt: bool,
    },
    /// One encoded frame to every open connection.
    Broadcast {
        frame: Arc<[u8]>,
    },
    /// The program knows who this is.
    Authenticate(ConnectionId),
    SetTokens {
        tokens: Tokens,
        generation: u64,
    },
    OpenGroup(GroupId),
    CloseGroup(GroupId),
    Join {
        group: GroupId,
        who: ConnectionId,
    },
    Leave {
        group: GroupId,
        who: ConnectionId,
    },
    /// One encoded frame to every member.
    Publish {
        group: GroupId,
        frame: Arc<[u8]>,
        droppable: bool,
        mark: Option<u64>,
    },
    Close {
        to: ConnectionId,
        code: u16,
        reason: String,
    },
    /// The game is stalled; the watch was told, and may not be able to say so.
    Alarm,
    /// Close everything, then end the thread.
    Stop,
    /// Close everything at once and end the thread.
    Quit,
    /// Panic on the network thread: lets tests see what a fault there does.
    Panic,
}

/// Commands in order, with the bytes of the small messages among them.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) commands: Vec<Command>,
    pub(crate) arena: Vec<u8>,
}

impl Outbox {
    /// An arena that grew beyond this is given back after use.
    const KEEP: usize = 1 << 20;

    pub(crate) fn send(&mut self, to: ConnectionId, kind: Kind, payload: &[u8], receipt: bool) {
        let start = self.arena.len();
        self.arena.extend_from_slice(payload);
        let end = self.arena.len();
        self.commands.push(Command::Send { to, kind, start, end, receipt });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.commands.clear();
        self.arena.clear();
        self.arena.shrink_to(Self::KEEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_queue_takes_any_single_message_and_a_full_one_none() {
        let account = Account::default();
        assert_eq!(account.charge(1000, 100), Ok(()));
        assert_eq!(account.charge(1, 100), Err(SendError::Full { queued: 1000 }));
        account.written(950);
        assert_eq!(account.charge(50, 100), Ok(()));
        assert_eq!(account.charge(1, 100), Err(SendError::Full { queued: 100 }));
        account.close();
        assert_eq!(account.charge(1, 100), Err(SendError::Closed));
    }
}
