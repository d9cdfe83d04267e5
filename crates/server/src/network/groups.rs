//! Groups of connections that get the same messages.

use std::collections::HashMap;

use crate::queues::ids::{ConnectionId, GroupId};

/// All groups, as the network thread keeps them.
///
/// A member knows its position in each of its groups (`peer/memberships.rs`),
/// so that leaving costs the same in a group of any size: the last member takes the free position,
/// and whoever calls [`Groups::leave`] tells it so.
#[derive(Default)]
pub(crate) struct Groups(HashMap<GroupId, Group>);

#[derive(Default)]
struct Group {
    members: Vec<ConnectionId>,
    published: u64,
}

impl Groups {
    pub(crate) fn open(&mut self, id: GroupId) {
        self.0.entry(id).or_default();
    }

    /// The number of members in all groups together.
    pub(crate) fn members(&self) -> usize {
        self.0.values().map(|group| group.members.len()).sum()
    }

    /// Forgets the group, and returns its members.
    pub(crate) fn close(&mut self, id: GroupId) -> Vec<ConnectionId> {
        self.0.remove(&id).map(|group| group.members).unwrap_or_default()
    }

    /// The position at which [`Groups::join`] would put a member; `None`: there is no such group.
    pub(crate) fn next_position(&self, id: GroupId) -> Option<usize> {
        self.0.get(&id).map(|group| group.members.len())
    }

    /// Adds a member that is not in the group.
    pub(crate) fn join(&mut self, id: GroupId, member: ConnectionId) {
        if let Some(group) = self.0.get_mut(&id) {
            group.members.push(member);
        }
    }

    /// Removes the member at this position. Returns the member that is there now, if any.
    pub(crate) fn leave(&mut self, id: GroupId, position: usize) -> Option<ConnectionId> {
        let members = &mut self.0.get_mut(&id)?.members;
        members.swap_remove(position);
        let moved = members.get(position).copied();
        if members.is_empty() {
            *members = Vec::new();
        }
        moved
    }

    /// The number that the next message will have.
    pub(crate) fn next_number(&self, id: GroupId) -> Option<u64> {
        self.0.get(&id).map(|group| group.published + 1)
    }

    /// The number of the next message, and the members it goes to. They must be given back with
    /// [`Groups::end`]; until then nobody can join or leave.
    pub(crate) fn begin(&mut self, id: GroupId) -> Option<(u64, Vec<ConnectionId>)> {
        let group = self.0.get_mut(&id)?;
        group.published += 1;
        Some((group.published, std::mem::take(&mut group.members)))
    }

    /// Takes back what [`Groups::begin`] returned.
    pub(crate) fn end(&mut self, id: GroupId, members: Vec<ConnectionId>) {
        if let Some(group) = self.0.get_mut(&id) {
            group.members = members;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_member_takes_the_position_of_one_that_leaves() {
        let group = GroupId::from(1);
        let [a, b, c] = [1, 2, 3].map(|number| ConnectionId::new(number, 0));
        let mut groups = Groups::default();
        assert_eq!(groups.next_position(group), None);
        groups.open(group);
        for (position, member) in [a, b, c].into_iter().enumerate() {
            assert_eq!(groups.next_position(group), Some(position));
            groups.join(group, member);
        }
        assert_eq!(groups.leave(group, 0), Some(c));
        assert_eq!(groups.leave(group, 1), None);
        assert_eq!(groups.begin(group), Some((1, vec![c])));
        groups.end(group, vec![c]);
        assert_eq!(groups.close(group), [c]);
        assert_eq!(groups.begin(group), None);
    }
}
