//! The names of connections and groups.

/// Names one connection for the life of the process: a sequence number, never used twice, and
/// the slot where the network thread keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

impl ConnectionId {
    const SLOT_BITS: u32 = 24;
    /// The most connections that slots can name.
    pub(crate) const MAX_SLOTS: usize = 1 << Self::SLOT_BITS;

    pub(crate) fn new(sequence: u64, slot: usize) -> Self {
        debug_assert!(slot < Self::MAX_SLOTS);
        Self(sequence << Self::SLOT_BITS | slot as u64)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a slot has fewer bits than any usize")]
    pub(crate) fn slot(self) -> usize {
        self.0 as usize % Self::MAX_SLOTS
    }

    /// Counts connections from 1, in order of arrival.
    pub fn sequence(self) -> u64 {
        self.0 >> Self::SLOT_BITS
    }

    /// The id as one number.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// Names one group for the life of its server; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u64);

impl GroupId {
    /// The id as one number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for GroupId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_back_its_parts() {
        let id = ConnectionId::new(7, 42);
        assert_eq!((id.sequence(), id.slot()), (7, 42));
    }
}
