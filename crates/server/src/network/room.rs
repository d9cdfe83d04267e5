//! Accepting peers, and how many there may be.
//!
//! Without tokens, every peer counts from accept on. With tokens, a peer counts only once it has
//! sent its request, as authenticated or not; so clients with a token get in, whatever the others
//! do. Before that, peers share a room of their own, where a newcomer takes the place of the
//! oldest.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::Token;
use stagedoor_protocol::Refusal;

use super::{Network, find};
use crate::io::socket::Socket;
use crate::io::stream::Stream;
use crate::peer::Peer;
use crate::queues::ids::ConnectionId;

/// Peers that may be at their opening handshake, when all other places are taken.
const ROOM: usize = 64;
/// Peers beyond twice the limit that may be on their way out at a time.
const REFUSALS: usize = 64;
/// How long to wait when the system has no descriptor left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Peers that may still be at their opening handshake, the oldest first.
#[derive(Default)]
pub(super) struct Handshakes(VecDeque<ConnectionId>);

impl Network {
    pub(super) fn accept(&mut self, now: Instant) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((socket, address)) => {
                    // A peer that is gone already is no reason to stop accepting.
                    let _ = self.welcome(socket, address, now);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted => {}
                    // Out of descriptors or memory: asking again at once would only spin.
                    _ => {
                        self.accept_again = Some(now + ACCEPT_PAUSE);
                        return;
                    }
                },
            }
        }
    }

    fn welcome(&mut self, mut socket: Socket, address: SocketAddr, now: Instant) -> io::Result<()> {
        let limit = self.places();
        let over = self.placed >= limit && !self.make_room();
        if self.peers.len() >= (2 * limit + REFUSALS).min(ConnectionId::MAX_SLOTS) {
            return Ok(());
        }
        socket.set_nodelay(true)?;
        self.sequence += 1;
        let entry = self.peers.vacant_entry();
        let slot = entry.key();
        let id = ConnectionId::new(self.sequence, slot);
        let Some(registry) = &self.registry else { return Ok(()) };
        socket.register(registry, Token(slot))?;
        let stream = Stream::new(socket, self.rules.settings.tls.as_ref())?;
        let mut peer = Peer::new(stream, address, id, &self.rules, now);
        peer.has_place = !over;
        self.placed += usize::from(!over);
        if over {
            let refusal = Refusal::new(503, "the server has no room for another connection");
            let _ = peer.refuse(&refusal, &mut self.rules, now, &mut self.batch);
        }
        entry.insert(peer);
        self.remember_handshake(id);
        self.remind(slot);
        if over {
            self.mark_dirty(slot);
        }
        Ok(())
    }

    /// The most peers that are not on their way out.
    pub(super) fn places(&self) -> usize {
        if self.rules.gate.is_guarded() {
            self.rules.gate.capacity() + ROOM
        } else {
            self.rules.settings.max_connections
        }
    }

    /// Drops the peer that has been at its handshake for longest, if the server has tokens.
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

    /// Removes peers at the front that have finished. Others stay behind one that has not, which
    /// its timeout ends.
    fn forget_handshakes(&mut self) {
        while let Some(&id) = self.handshakes.0.front()
            && !find(&mut self.peers, id).is_some_and(|peer| peer.is_handshaking())
        {
            self.handshakes.0.pop_front();
        }
    }
}
