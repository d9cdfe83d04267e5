//! The groups that one connection is in, and what it has missed of each.

use std::collections::{BTreeMap, HashMap};

use crate::queues::event::{Dropped, Publication};
use crate::queues::ids::GroupId;

/// So many messages of a group that is paced are under way at a time: while one is read, the next
/// one comes.
const UNDER_WAY: usize = 2;

/// The groups of one connection.
///
/// At most one message of each group is kept. So the memory for a connection that does not read is
/// bounded, and shared with all others that keep the same message.
#[derive(Default)]
pub(crate) struct Memberships {
    groups: HashMap<GroupId, Membership>,
    /// Groups with a message to send or a loss to report, by their ticket: the lowest has waited
    /// longest.
    waiting: BTreeMap<u64, GroupId>,
    tickets: u64,
}

#[derive(Default)]
struct Membership {
    /// The place in the group's list of members.
    position: usize,
    kept: Option<Publication>,
    lost: u64,
    /// All that was lost was published before this number.
    before: u64,
    /// Its place in `waiting`.
    ticket: Option<u64>,
    /// The marks of the messages that were sent and that the connection has not read.
    unread: Vec<u64>,
}

impl Memberships {
    /// Adds the group. False: the connection is a member already.
    pub(crate) fn join(&mut self, group: GroupId, position: usize) -> bool {
        if self.groups.contains_key(&group) {
            return false;
        }
        self.groups.insert(group, Membership { position, ..Membership::default() });
        true
    }

    /// Forgets the group and the message that is kept of it. Returns the position in it.
    pub(crate) fn leave(&mut self, group: GroupId) -> Option<usize> {
        let membership = self.groups.remove(&group)?;
        if let Some(ticket) = membership.ticket {
            self.waiting.remove(&ticket);
        }
        Some(membership.position)
    }

    /// Leaves every group. Returns each with the position in it.
    pub(crate) fn leave_all(&mut self) -> impl Iterator<Item = (GroupId, usize)> {
        self.waiting.clear();
        let groups = std::mem::take(&mut self.groups);
        groups.into_iter().map(|(group, membership)| (group, membership.position))
    }

    pub(crate) fn moved(&mut self, group: GroupId, position: usize) {
        if let Some(membership) = self.groups.get_mut(&group) {
            membership.position = position;
        }
    }

    /// Something waits for the connection to take data again.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Keeps this message; one that was kept before is lost.
    pub(crate) fn keep(&mut self, group: GroupId, publication: &Publication) {
        self.hold(group, publication);
        self.wait(group);
    }

    /// Keeps this message until the connection has read the last ones: see [`Memberships::read`].
    pub(crate) fn hold(&mut self, group: GroupId, publication: &Publication) {
        let Some(membership) = self.groups.get_mut(&group) else { return };
        if membership.kept.replace(publication.clone()).is_some() {
            membership.lost += 1;
        }
        membership.before = publication.number;
    }

    /// Whether a message of this group must be held, if it has a mark.
    pub(crate) fn must_hold(&self, group: GroupId, publication: &Publication) -> bool {
        publication.mark.is_some()
            && self.groups.get(&group).is_some_and(|found| found.unread.len() >= UNDER_WAY)
    }

    /// This message was sent.
    pub(crate) fn sent(&mut self, group: GroupId, mark: Option<u64>) {
        if let Some(mark) = mark
            && let Some(membership) = self.groups.get_mut(&group)
        {
            membership.unread.push(mark);
        }
    }

    /// The connection has read the message with this mark, and those before it.
    pub(crate) fn read(&mut self, group: GroupId, mark: u64) {
        let Some(membership) = self.groups.get_mut(&group) else { return };
        membership.unread.retain(|unread| *unread > mark);
        if membership.kept.is_some() && membership.unread.len() < UNDER_WAY {
            self.wait(group);
        }
    }

    /// Counts the message of this number as lost.
    pub(crate) fn lose(&mut self, group: GroupId, number: u64) {
        let Some(membership) = self.groups.get_mut(&group) else { return };
        membership.lost += 1;
        membership.before = number + 1;
        self.wait(group);
    }

    /// A message of this group is kept.
    pub(crate) fn has_kept(&self, group: GroupId) -> bool {
        self.groups.get(&group).is_some_and(|membership| membership.kept.is_some())
    }

    /// Takes what is kept of this group. What was lost must still be reported.
    pub(crate) fn take_kept(&mut self, group: GroupId) -> Option<Publication> {
        if self.waiting.is_empty() {
            return None;
        }
        self.groups.get_mut(&group)?.kept.take()
    }

    /// What has waited longest: the message to send, if there is one.
    #[expect(clippy::option_option, reason = "nothing waits; or only a loss is to be reported")]
    pub(crate) fn first(&self) -> Option<Option<&Publication>> {
        let group = self.waiting.first_key_value()?.1;
        self.groups.get(group).map(|membership| membership.kept.as_ref())
    }

    /// Removes what [`Memberships::first`] returned. Returns what was lost, which must be reported
    /// now.
    pub(crate) fn pop(&mut self) -> Option<Dropped> {
        let (_, group) = self.waiting.pop_first()?;
        let membership = self.groups.get_mut(&group)?;
        membership.ticket = None;
        if let Some(Publication { mark: Some(mark), .. }) = membership.kept.take() {
            membership.unread.push(mark);
        }
        let count = std::mem::take(&mut membership.lost);
        (count > 0).then_some(Dropped { group, count, before: membership.before })
    }

    fn wait(&mut self, group: GroupId) {
        let Some(membership) = self.groups.get_mut(&group) else { return };
        if membership.ticket.is_none() {
            self.tickets += 1;
            membership.ticket = Some(self.tickets);
            self.waiting.insert(self.tickets, group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(number: u64) -> Publication {
        Publication { number, frame: vec![0].into(), droppable: true, mark: None }
    }

    fn number(memberships: &Memberships) -> Option<u64> {
        memberships.first().flatten().map(|kept| kept.number)
    }

    #[test]
    fn of_a_group_the_newest_message_is_kept_and_the_others_are_counted() {
        let [a, b] = [1, 2].map(GroupId::from);
        let mut memberships = Memberships::default();
        assert!(memberships.join(a, 0) && memberships.join(b, 0));
        assert!(!memberships.join(a, 1), "it is in there already");
        for number in 5..8 {
            memberships.keep(a, &publication(number));
        }
        memberships.keep(b, &publication(1));
        assert_eq!(number(&memberships), Some(7));
        assert_eq!(memberships.pop(), Some(Dropped { group: a, count: 2, before: 7 }));
        assert_eq!(number(&memberships), Some(1));
        assert_eq!(memberships.pop(), None, "nothing was lost");
        assert!(!memberships.has_waiting());
    }

    #[test]
    fn a_message_that_was_lost_without_a_newer_one_is_told_with_the_number_after_it() {
        let group = GroupId::from(1);
        let mut memberships = Memberships::default();
        memberships.join(group, 0);
        memberships.keep(group, &publication(1));
        assert_eq!(memberships.take_kept(group).map(|kept| kept.number), Some(1));
        memberships.lose(group, 2);
        assert_eq!(number(&memberships), None);
        assert_eq!(memberships.pop(), Some(Dropped { group, count: 1, before: 3 }));
    }

    fn marked(number: u64) -> Publication {
        Publication { mark: Some(number), ..publication(number) }
    }

    #[test]
    fn who_has_not_read_the_last_ones_gets_the_newest_when_it_has() {
        let group = GroupId::from(1);
        let mut memberships = Memberships::default();
        memberships.join(group, 0);
        assert!(!memberships.must_hold(group, &publication(1)), "it has no mark");
        for mark in [1, 2] {
            assert!(!memberships.must_hold(group, &marked(mark)));
            memberships.sent(group, Some(mark));
        }
        for mark in [3, 4, 5] {
            assert!(memberships.must_hold(group, &marked(mark)));
            memberships.hold(group, &marked(mark));
            assert!(!memberships.has_waiting(), "nothing can be sent now");
        }
        memberships.read(group, 0);
        assert!(!memberships.has_waiting(), "that was read long ago");
        memberships.read(group, 1);
        assert_eq!(number(&memberships), Some(5));
        assert_eq!(memberships.pop(), Some(Dropped { group, count: 2, before: 5 }));
        assert!(memberships.must_hold(group, &marked(6)), "2 and 5 are under way");
        memberships.read(group, 5);
        assert!(!memberships.must_hold(group, &marked(6)), "who has read 5 has read 2");
        memberships.read(group, 99);
        memberships.read(GroupId::from(7), 1);
        assert!(!memberships.has_waiting());
    }

    #[test]
    fn joining_and_leaving_while_something_waits_leaves_nothing_behind() {
        let group = GroupId::from(1);
        let mut memberships = Memberships::default();
        for position in 0..100 {
            memberships.join(group, position);
            memberships.keep(group, &publication(1));
            assert_eq!(memberships.leave(group), Some(position));
        }
        assert!(!memberships.has_waiting());
        memberships.join(group, 7);
        memberships.keep(group, &publication(1));
        assert_eq!(memberships.leave_all().collect::<Vec<_>>(), [(group, 7)]);
        assert!(!memberships.has_waiting());
    }
}
