//! What the program asks for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Network, find};
use crate::peer::Fate;
use crate::queues::event::Publication;
use crate::queues::ids::{ConnectionId, GroupId};
use crate::queues::outbox::Command;
use crate::queues::watch::GIL_PATIENCE;

impl Network {
    pub(super) fn execute_commands(&mut self, now: Instant) {
        if !self.shared.has_commands.load(Ordering::Acquire) {
            return;
        }
        let mut outbox = std::mem::take(&mut self.outbox);
        self.shared.take_commands(&mut outbox);
        for command in outbox.commands.drain(..) {
            match command {
                Command::Send { to, kind, start, end, receipt } => {
                    if let Some(peer) = find(&mut self.peers, to) {
                        peer.send(kind, &outbox.arena[start..end], receipt);
                        self.mark_dirty(to.slot());
                    }
                }
                Command::SendLarge { to, frame, receipt } => {
                    if let Some(peer) = find(&mut self.peers, to) {
                        peer.send_frame(frame, receipt);
                        self.mark_dirty(to.slot());
                    }
                }
                Command::Broadcast { frame } => self.broadcast(&frame),
                Command::Authenticate(whom) => {
                    if let Some(peer) = find(&mut self.peers, whom) {
                        peer.authenticate(&mut self.rules);
                    }
                }
                Command::SetTokens { tokens, generation } => {
                    self.rules.gate.set_tokens(tokens, generation);
                }
                Command::OpenGroup(group) => self.groups.open(group),
                Command::CloseGroup(group) => self.close_group(group),
                Command::Join { group, who } => self.join(group, who),
                Command::Leave { group, who } => self.leave(group, who),
                Command::Publish { group, frame, droppable, mark } => {
                    self.publish(group, frame, droppable, mark, now);
                }
                Command::Close { to, code, reason } => {
                    if let Some(peer) = find(&mut self.peers, to) {
                        let _ = peer.close(code, &reason, now);
                        self.look_again(to.slot());
                        self.mark_dirty(to.slot());
                    }
                }
                Command::Alarm => self.report_at = Some(now + GIL_PATIENCE),
                Command::Stop => self.stop(now),
                Command::Quit => self.quit(now),
                Command::Panic => panic!("asked to panic"),
            }
        }
        outbox.clear();
        self.outbox = outbox;
    }

    fn broadcast(&mut self, frame: &Arc<[u8]>) {
        for (slot, peer) in &mut self.peers {
            peer.send_encoded(frame, &self.rules, &mut self.batch);
            if !std::mem::replace(&mut peer.is_dirty, true) {
                self.dirty.push(slot);
            }
        }
    }

    fn join(&mut self, group: GroupId, who: ConnectionId) {
        if let Some(position) = self.groups.next_position(group)
            && find(&mut self.peers, who).is_some_and(|peer| peer.join(group, position))
        {
            self.groups.join(group, who);
        }
    }

    fn leave(&mut self, group: GroupId, who: ConnectionId) {
        let left = find(&mut self.peers, who).and_then(|peer| peer.memberships.leave(group));
        if let Some(position) = left {
            self.forget_member(group, position);
        }
    }

    /// Takes the member at this position, which has left, off the group's list.
    pub(super) fn forget_member(&mut self, group: GroupId, position: usize) {
        if let Some(moved) = self.groups.leave(group, position)
            && let Some(peer) = find(&mut self.peers, moved)
        {
            peer.memberships.moved(group, position);
        }
    }

    fn close_group(&mut self, group: GroupId) {
        for member in self.groups.close(group) {
            if let Some(peer) = find(&mut self.peers, member) {
                peer.memberships.leave(group);
            }
        }
    }

    pub(super) fn publish(
        &mut self,
        group: GroupId,
        frame: Arc<[u8]>,
        droppable: bool,
        mark: Option<u64>,
        now: Instant,
    ) {
        let Some((number, members)) = self.groups.begin(group) else { return };
        let publication = Publication { number, frame, droppable, mark };
        let mut over = Vec::new();
        for &member in &members {
            let Some(peer) = find(&mut self.peers, member) else {
                debug_assert!(false, "{member:?} is gone and in a group");
                continue;
            };
            match peer.publish(group, &publication, &self.rules, now, &mut self.batch) {
                // A blocked one is written when its socket says so.
                Fate::Keep if peer.is_blocked() => {}
                Fate::Keep => self.mark_dirty(member.slot()),
                Fate::Drop => over.push(member.slot()),
            }
        }
        self.groups.end(group, members);
        for slot in over {
            self.settle(slot, Fate::Drop);
        }
    }
}
