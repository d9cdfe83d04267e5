//! Close codes (RFC 6455 section 7.4 and the IANA registry), and who may use which of them.

/// The purpose of the connection is fulfilled.
pub const NORMAL: u16 = 1000;
/// The endpoint goes away: the game quits, or the page is left.
pub const GOING_AWAY: u16 = 1001;
/// The peer broke the protocol.
pub const PROTOCOL_ERROR: u16 = 1002;
/// The peer sent a kind of data that this endpoint does not take.
pub const UNSUPPORTED_DATA: u16 = 1003;
/// Never on the wire: the peer's close frame had no code.
pub const NO_STATUS: u16 = 1005;
/// Never on the wire: the connection ended without a close frame.
pub const ABNORMAL: u16 = 1006;
/// A payload is not what its kind says, such as text that is not UTF-8.
pub const INVALID_PAYLOAD: u16 = 1007;
/// The peer broke a rule of this endpoint that has no code of its own.
pub const POLICY_VIOLATION: u16 = 1008;
/// A message is larger than this endpoint takes.
pub const TOO_BIG: u16 = 1009;
/// The endpoint failed in a way it did not expect.
pub const INTERNAL_ERROR: u16 = 1011;
/// The endpoint is overloaded: try again later.
pub const TRY_AGAIN_LATER: u16 = 1013;

/// Whether a peer may put `code` into a close frame.
///
/// 1004, 1005, 1006 and 1015 are reserved, 1016 to 2999 are unassigned, everything outside of
/// 1000 to 4999 is not a close code.
pub const fn is_valid_received(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Whether an application may close with `code`: 1000, or one from the ranges that are left to
/// libraries and applications. It is the rule that browsers apply to `WebSocket.close()`.
pub const fn is_valid_sent_by_application(code: u16) -> bool {
    matches!(code, 1000 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_unassigned_codes_are_not_valid_on_the_wire() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
            assert!(!is_valid_received(code), "{code}");
        }
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4999] {
            assert!(is_valid_received(code), "{code}");
        }
    }

    #[test]
    fn applications_send_1000_or_their_own_ranges() {
        assert!(is_valid_sent_by_application(1000));
        assert!(is_valid_sent_by_application(3000));
        assert!(is_valid_sent_by_application(4999));
        for code in [0, 999, 1001, 1002, 1005, 1006, 1011, 2999, 5000] {
            assert!(!is_valid_sent_by_application(code), "{code}");
        }
    }
}
