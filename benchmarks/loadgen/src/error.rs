//! What can go wrong, each with the fields that say where.

use std::fmt;
use std::io;
use std::time::Duration;

/// Why a run cannot be trusted, or did not happen.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line does not fit; says what was expected.
    Usage(String),
    /// The operating system refused something.
    Io { doing: &'static str, source: io::Error },
    /// The server did not answer the opening handshake with a good 101.
    Handshake { reason: String },
    /// A reply was not the one that was due.
    Reply { connection: usize, sequence: u32, fault: Fault },
    /// The server closed or reset a connection.
    Closed { connection: usize, sequence: u32, reason: String },
    /// Nothing at all arrived for as long as `waited`.
    Stalled { waited: Duration, missing: u64, connections: usize },
}

/// How a reply differs from the one that was due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A data frame with another opcode, a reserved bit, a mask, or a cleared FIN.
    Header { found: u8, expected: u8 },
    /// A data frame whose payload has another length.
    Length { found: u64, expected: usize },
    /// The echo of another message: lost, repeated or out of order.
    Sequence { found: String },
    /// The right message with damaged bytes.
    Payload { offset: usize },
    /// A reply to nothing: everything that was asked has been answered.
    Unasked,
    /// A compressed reply that cannot be decompressed.
    NotDeflate,
    /// A text that is not a JSON-RPC answer.
    NotAnAnswer { text: String },
    /// The answer to a call that is not in flight: repeated, or never made.
    NotInFlight { id: u32 },
    /// The answer to a call with the result of another one.
    WrongResult { found: i64, expected: i64 },
}

impl Error {
    /// For `map_err`: names what was being done when the operating system refused.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => write!(f, "{text} (see `stagedoor-loadgen --help`)"),
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Self::Handshake { reason } => write!(f, "opening handshake failed: {reason}"),
            Self::Reply { connection, sequence, fault } => {
                write!(f, "connection {connection}, message {sequence}: {fault}")
            }
            Self::Closed { connection, sequence, reason } => write!(
                f,
                "connection {connection}: {reason} while the reply to message {sequence} was due"
            ),
            Self::Stalled { waited, missing, connections } => write!(
                f,
                "the server went silent: nothing for {:.1} s with {missing} replies missing \
                 on {connections} connections",
                waited.as_secs_f64()
            ),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { found, expected } => write!(
                f,
                "first byte of the reply is {found:#04x}, expected {expected:#04x} \
                 (one unfragmented frame of the kind that was sent)"
            ),
            Self::Length { found, expected } => {
                write!(f, "reply of {found} bytes, expected {expected}")
            }
            Self::Sequence { found } => {
                write!(f, "reply carries sequence {found:?}: lost, repeated or out of order")
            }
            Self::Payload { offset } => write!(f, "reply differs from what was sent at {offset}"),
            Self::Unasked => f.write_str("a reply came that nothing had asked for"),
            Self::NotDeflate => f.write_str("the compressed reply cannot be decompressed"),
            Self::NotAnAnswer { text } => write!(f, "{text:?} is no answer of JSON-RPC 2.0"),
            Self::NotInFlight { id } => {
                write!(f, "answer to call {id}, which is not in flight")
            }
            Self::WrongResult { found, expected } => {
                write!(f, "the result is {found}, expected {expected}")
            }
        }
    }
}
