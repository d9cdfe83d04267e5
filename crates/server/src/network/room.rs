//! How many peers there may be.
//!
//! Without tokens, every peer counts from accept on. With tokens, a peer counts as what it is once
//! it has sent its request, so that those with a token get in whatever the others do: before
//! that, peers only share some room of their own, where a newcomer takes the place of the oldest.

use std::collections::VecDeque;

use super::{Network, find};
use crate::queues::ids::ConnectionId;

/// Peers that may be at their opening handshake, when all other places are taken.
const ROOM: usize = 64;

/// Peers that may still be at their opening handshake, the oldest first.
#[derive(Default)]
pub(super) struct Handshakes(VecDeque<ConnectionId>);

impl Network {
    /// The most peers that are not on their way out.
    pub(super) fn places(&self) -> usize {
        if self.rules.gate.is_guarded() {
            self.rules.gate.capacity() + ROOM
        } else {
            self.rules.settings.max_connections
        }
    }

    /// Drops the peer that is longest at its handshake, if tokens are asked for.
    pub(super) fn make_room(&mut self) -> bool {
        self.forget_handshakes();
        let oldest = self.handshakes.0.pop_front();
        if let Some(id) = oldest {
            self.drop_peer(id.slot());
        }
        oldest.is_some()
    }

    pub(super) fn remember_handshake(&mut self, id: ConnectionId) {
        if self.rules.gate.is_guarded() {
            self.forget_handshakes();
            self.handshakes.0.push_back(id);
        }
    }

    /// Takes off those in front that are at it no more. Others are behind one that is, which its
    /// timeout ends.
    fn forget_handshakes(&mut self) {
        while let Some(&id) = self.handshakes.0.front()
            && !find(&mut self.peers, id).is_some_and(|peer| peer.is_handshaking())
        {
            self.handshakes.0.pop_front();
        }
    }
}
