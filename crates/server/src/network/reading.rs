//! Which peers are read, and which must wait: until the program has handled what they sent before, or
//! until they may bring more messages.
//!
//! What waits for the program is bounded by `max_receive_memory`. Each connection may have a part
//! of that, but never more than is left for the others. So neither one connection that floods nor
//! many can fill it, and a connection that has nothing waiting is always read.
//!
//! A connection that has brought more messages than `max_messages_per_second` allows is read again
//! when it is due. Nothing is refused for that: TCP tells its client to wait.

use std::time::Instant;

use stagedoor_protocol::close_code::TRY_AGAIN_LATER;

use super::{Network, find};
use crate::io::stream::Readiness;
use crate::queues::event::CloseCause;
use crate::queues::inbox::NOBODY;

/// The part of `max_receive_memory` that one connection may have waiting is one in this many.
const PARTS: usize = 16;
/// After this many reads, what they brought is handed over, so that the program works meanwhile.
const READS_PER_DELIVERY: usize = 16;
/// What weighs more than this is handed over at once.
const HEAVY: usize = 1 << 20;

impl Network {
    /// Before a sleep: whether there is something to read. If not, the program wakes us when there
    /// is.
    pub(super) fn may_read(&self) -> bool {
        !self.ready.is_empty()
            || (!self.unread.is_empty() && !self.shared.inbox.ask_for(self.resume_at))
    }

    pub(super) fn read_ready(&mut self, now: Instant) {
        self.retry_unread(now);
        if self.ready.is_empty() {
            return;
        }
        let mut reads = 0;
        for slot in std::mem::take(&mut self.ready) {
            let Some(peer) = self.peers.get_mut(slot) else { continue };
            if !peer.is_ready {
                continue; // Another peer has this slot now.
            }
            if let Some(due) = peer.due(now) {
                peer.is_early = true;
                self.early.remind(due, peer.id());
                continue;
            }
            if let Some(position) = self.must_wait(slot) {
                self.resume_at = self.resume_at.min(position);
                self.unread.push(slot);
                continue;
            }
            self.read(slot, now);
            reads += 1;
            if reads % READS_PER_DELIVERY == 0 || self.batch.weight() > HEAVY {
                self.shared.inbox.deliver(&mut self.batch);
            }
        }
    }

    fn read(&mut self, slot: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        peer.is_ready = false;
        let before = self.batch.weight();
        let (readiness, fate) = peer.read(&mut self.buffer, &mut self.rules, now, &mut self.batch);
        let after = self.batch.weight();
        peer.brought += (after - before) as u64;
        self.settle(slot, fate);
        self.limit_buffered(slot, now);
        self.mark_dirty(slot);
        if readiness == Readiness::More {
            self.mark_ready(slot, false);
        }
    }

    /// Tries the unread peers again, if they are due or the program has come far enough.
    fn retry_unread(&mut self, now: Instant) {
        while let Some((_, id)) = self.early.due(now) {
            if find(&mut self.peers, id).is_some() {
                self.look_again(id.slot());
            }
        }
        if !self.unread.is_empty() && self.shared.inbox.handled() >= self.resume_at {
            self.resume_at = NOBODY;
            self.unread.append(&mut self.ready);
            std::mem::swap(&mut self.unread, &mut self.ready);
        }
    }

    /// The position to which the program must come before this peer is read; `None`: it may be read
    /// now.
    fn must_wait(&mut self, slot: usize) -> Option<u64> {
        let peer = self.peers.get_mut(slot).filter(|peer| !peer.is_lingering())?;
        let limit = self.rules.settings.max_receive_memory;
        let inbox = &self.shared.inbox;
        let (handled, end) = (inbox.handled(), inbox.delivered() + self.batch.weight() as u64);
        let left = (limit as u64).saturating_sub(end - handled);
        let waiting = peer.waiting();
        if waiting > 0 && waiting >= left.min((limit / PARTS) as u64) {
            // Not before the program has handled so much can half of it be done.
            Some(handled + waiting.div_ceil(2))
        } else if left == 0 {
            Some(end - limit as u64 + 1)
        } else {
            None
        }
    }

    /// Finds out whether a peer that was early still is.
    pub(super) fn look_again(&mut self, slot: usize) {
        if let Some(peer) = self.peers.get_mut(slot)
            && std::mem::replace(&mut peer.is_early, false)
        {
            self.ready.push(slot); // It was marked as ready all the time.
        }
    }

    /// Whether a peer is not to be read now, for whatever reason.
    pub(super) fn is_unread(&mut self, slot: usize, now: Instant) -> bool {
        self.peers.get_mut(slot).is_some_and(|peer| peer.due(now).is_some())
            || self.must_wait(slot).is_some()
    }

    /// Ends the connection that brought the sum of incomplete messages over its limit.
    fn limit_buffered(&mut self, slot: usize, now: Instant) {
        if self.buffered <= self.rules.settings.max_receive_memory {
            return;
        }
        if let Some(peer) = self.peers.get_mut(slot).filter(|peer| peer.counted > 0) {
            let reason = "the server has no memory left for an incomplete message";
            let end = (TRY_AGAIN_LATER, CloseCause::NoMemory);
            let fate = peer.turn_away(end, reason, &self.rules, now, &mut self.batch);
            self.settle(slot, fate);
        }
    }
}
