//! Messages of groups: sent to a peer that takes data, conflated for one that does not.

use std::time::Instant;

use super::{Fate, Peer, Phase, Rules};
use crate::queues::event::{Batch, Publication};
use crate::queues::ids::GroupId;

/// More than this is written before a droppable message is added, to see whether the peer reads.
const UNWRITTEN: usize = 64 * 1024;

impl Peer {
    /// Makes it a member, at this position in the group. False: it is one already, or is not open.
    pub(crate) fn join(&mut self, group: GroupId, position: usize) -> bool {
        matches!(self.phase, Phase::Open(_)) && self.memberships.join(group, position)
    }

    /// One message of a group that it is in. Like everything sent, it is written by the next
    /// [`Peer::write`].
    pub(crate) fn publish(
        &mut self,
        group: GroupId,
        publication: &Publication,
        rules: &Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        if publication.droppable && !self.is_blocked() && self.unwritten() > UNWRITTEN {
            let fate = self.write(rules, now, batch);
            if fate == Fate::Drop {
                return fate;
            }
        }
        let takes_data = !self.is_blocked();
        if let Phase::Open(open) = &mut self.phase {
            let limit = rules.settings.max_send_queue as u64;
            open.publish(group, publication, takes_data, limit, &mut self.memberships);
        }
        Fate::Keep
    }

    fn unwritten(&self) -> usize {
        if let Phase::Open(open) = &self.phase { open.connection.pending() } else { 0 }
    }

    /// Everything is written: queues some of what waited for that. False: nothing waited.
    pub(super) fn catch_up(&mut self, rules: &Rules, batch: &mut Batch) -> bool {
        if !self.memberships.has_waiting() {
            return false;
        }
        let Phase::Open(open) = &mut self.phase else { return false };
        open.report_written(self.stream.settled(), self.id, batch);
        let limit = rules.settings.max_send_queue as u64;
        open.catch_up(self.id, limit, &mut self.memberships, batch)
    }
}
