//! What a peer can do wrong, and the close code that each gets.

use std::error::Error;
use std::fmt;

use crate::close_code::{INVALID_PAYLOAD, POLICY_VIOLATION, PROTOCOL_ERROR, TOO_BIG};

/// Why a connection was failed. The close frame with [`code`](Self::code) and
/// [`reason`](Self::reason) is already queued when the error is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolError {
    /// RSV2 or RSV3 is set; or RSV1, but not on the first frame of a message of a connection
    /// with permessage-deflate.
    ReservedBits,
    /// Opcode 3 to 7 or 11 to 15.
    ReservedOpcode,
    /// The mask bit is missing.
    Unmasked,
    /// The length is written in more bytes than it needs.
    NonMinimalLength,
    /// A close, ping or pong frame without FIN.
    FragmentedControl,
    /// A close, ping or pong frame with more than 125 bytes.
    LongControl,
    /// A continuation frame without a message to continue.
    StrayContinuation,
    /// A text or binary frame inside a fragmented message.
    Interleaved,
    /// The message is larger than the configured limit.
    MessageTooBig,
    /// The message has more fragments than the configured limit, including empty ones.
    TooManyFragments,
    /// A text message, or a close reason, that is not UTF-8.
    InvalidUtf8,
    /// A compressed message that is corrupt or cut short.
    CorruptDeflate,
    /// A close frame with a payload of one byte.
    TruncatedCloseCode,
    /// A close frame with a code that must not be on the wire.
    InvalidCloseCode,
}

impl ProtocolError {
    /// Every error, for tables and tests.
    pub const ALL: [Self; 14] = [
        Self::ReservedBits,
        Self::ReservedOpcode,
        Self::Unmasked,
        Self::NonMinimalLength,
        Self::FragmentedControl,
        Self::LongControl,
        Self::StrayContinuation,
        Self::Interleaved,
        Self::MessageTooBig,
        Self::TooManyFragments,
        Self::InvalidUtf8,
        Self::CorruptDeflate,
        Self::TruncatedCloseCode,
        Self::InvalidCloseCode,
    ];

    /// The table: the close code and the line sent with it.
    const fn row(self) -> (u16, &'static str) {
        match self {
            Self::ReservedBits => {
                (PROTOCOL_ERROR, "a reserved bit is set where no extension gives it a meaning")
            }
            Self::ReservedOpcode => (PROTOCOL_ERROR, "the opcode is reserved"),
            Self::Unmasked => (PROTOCOL_ERROR, "the frame is not masked; a client must mask"),
            Self::NonMinimalLength => {
                (PROTOCOL_ERROR, "the length is not written in the fewest bytes")
            }
            Self::FragmentedControl => (PROTOCOL_ERROR, "a control frame is fragmented"),
            Self::LongControl => (PROTOCOL_ERROR, "a control frame is longer than 125 bytes"),
            Self::StrayContinuation => {
                (PROTOCOL_ERROR, "a continuation frame, but no message to continue")
            }
            Self::Interleaved => {
                (PROTOCOL_ERROR, "a new message before the last fragment of the previous one")
            }
            Self::MessageTooBig => (TOO_BIG, "the message is larger than the limit"),
            Self::TooManyFragments => {
                (POLICY_VIOLATION, "the message has more fragments than the limit")
            }
            Self::InvalidUtf8 => (INVALID_PAYLOAD, "the text is not valid UTF-8"),
            Self::CorruptDeflate => {
                (INVALID_PAYLOAD, "the compressed data is corrupt or cut short")
            }
            Self::TruncatedCloseCode => {
                (PROTOCOL_ERROR, "a close frame of one byte; a close code has two")
            }
            Self::InvalidCloseCode => {
                (PROTOCOL_ERROR, "the close code must not be used in a close frame")
            }
        }
    }

    /// The close code that the peer is sent.
    pub const fn code(self) -> u16 {
        self.row().0
    }

    /// The close reason that the peer is sent: one line.
    pub const fn reason(self) -> &'static str {
        self.row().1
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Error for ProtocolError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close_code::is_valid_received;
    use crate::frame::MAX_CLOSE_REASON;

    #[test]
    fn every_error_fits_a_close_frame() {
        for error in ProtocolError::ALL {
            assert!(is_valid_received(error.code()), "{error:?}");
            assert!(error.reason().len() <= MAX_CLOSE_REASON, "{error:?}");
            assert_eq!(error.to_string(), error.reason());
        }
    }
}
