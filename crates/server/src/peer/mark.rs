//! The ping behind a message that is published at its readers' pace, and its pong.

use crate::queues::ids::GroupId;

const BEGIN: &[u8; 4] = b"read";

/// The payload of the ping behind the message with this mark.
pub(crate) fn to_ping(group: GroupId, mark: u64) -> [u8; 20] {
    let mut ping = [0; 20];
    ping[..4].copy_from_slice(BEGIN);
    ping[4..12].copy_from_slice(&group.get().to_be_bytes());
    ping[12..].copy_from_slice(&mark.to_be_bytes());
    ping
}

/// The group and mark of a pong, if it answers such a ping.
pub(crate) fn from_ping(payload: &[u8]) -> Option<(GroupId, u64)> {
    let (group, rest) = payload.strip_prefix(BEGIN)?.split_first_chunk()?;
    let mark = u64::from_be_bytes(rest.try_into().ok()?);
    Some((GroupId::from(u64::from_be_bytes(*group)), mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_ping_says_comes_back_in_its_pong_and_nothing_else_is_one() {
        let group = GroupId::from(258);
        let ping = to_ping(group, u64::MAX - 1);
        assert_eq!(from_ping(&ping), Some((group, u64::MAX - 1)));
        for other in [&b""[..], b"read", b"stalled 1.000", &ping[..19], &[&ping[..], b"x"].concat()]
        {
            assert_eq!(from_ping(other), None);
        }
    }
}
