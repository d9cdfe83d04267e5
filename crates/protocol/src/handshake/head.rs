//! Collecting a request head, in whatever pieces it comes.

use std::fmt;

use super::refusal::Refusal;
use super::request::{Method, Request};

/// What a request head may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the request line. A longer one gets 414.
    pub line: usize,
    /// Headers. More of them get 431.
    pub headers: usize,
    /// Bytes of the head, including the empty line at its end. A larger one gets 431.
    pub size: usize,
}

impl HeadLimits {
    /// More than any browser sends.
    pub const DEFAULT: Self = Self { line: 8 * 1024, headers: 64, size: 16 * 1024 };
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// How a request begins whose answer has no body.
const HEAD_METHOD: &[u8] = b"HEAD ";

/// Collects the bytes of a request head.
///
/// Call [`receive`](Self::receive) with what was read until it returns the request or a refusal.
/// The bytes behind the head are frames that were sent before our 101; they are kept for
/// [`into_rest`](Self::into_rest). So are the bytes of later calls, whose number the caller must
/// bound. Every byte of the head is looked at once, however the head is split.
#[derive(Default)]
pub struct HeadReader {
    limits: HeadLimits,
    head: Vec<u8>,
    /// Lines that are complete.
    lines: usize,
    /// Bytes of the line that is not, its carriage return included.
    line_len: usize,
    is_complete: bool,
    rest: Vec<u8>,
    #[cfg(test)]
    examined: usize,
}

impl HeadReader {
    /// A reader that has seen nothing, and uses no memory.
    pub fn new(limits: HeadLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes what was read. `None`: the head is not complete. A refusal ends the exchange: write
    /// its response and close the transport.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<Request>, Refusal> {
        let start = self.head.iter().chain(bytes).take(HEAD_METHOD.len());
        let is_head = !self.is_complete && start.eq(HEAD_METHOD);
        let method = if is_head { Method::Head } else { Method::Get };
        self.collect(bytes).map_err(|refusal| refusal.of(method))
    }

    fn collect(&mut self, bytes: &[u8]) -> Result<Option<Request>, Refusal> {
        if self.is_complete {
            self.rest.extend_from_slice(bytes);
            return Ok(None);
        }
        if self.head.is_empty() && bytes.first() == Some(&TLS_HANDSHAKE) {
            return Err(Refusal::new(0, "a TLS handshake on a port without TLS"));
        }
        let Some(end) = self.scan(bytes)? else {
            self.head.extend_from_slice(bytes);
            return Ok(None);
        };
        self.is_complete = true;
        self.head.extend_from_slice(&bytes[..end]);
        self.rest.extend_from_slice(&bytes[end..]);
        Request::parse(&std::mem::take(&mut self.head), self.lines - 1).map(Some)
    }

    /// The bytes that came behind the head, in their order.
    pub fn into_rest(self) -> Vec<u8> {
        self.rest
    }

    /// Looks at the bytes that follow those in `head`, and returns where among them the head ends.
    fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        let HeadLimits { line, headers, size } = self.limits;
        let mut last = self.head.last().copied();
        for (at, &byte) in bytes.iter().enumerate() {
            #[cfg(test)]
            {
                self.examined += 1;
            }
            match (last, byte) {
                (Some(b'\r'), b'\n') => {
                    if self.line_len == 1 {
                        return self.last_line(at);
                    }
                    self.lines += 1;
                    self.line_len = 0;
                }
                (_, b'\n') => return Err(Refusal::bad_request("a line ends without CR")),
                (Some(b'\r'), _) => return Err(Refusal::bad_request("a CR inside of a line")),
                _ => self.line_len += 1,
            }
            // The CR of the line's end may have been counted, but not more.
            if self.lines == 0 && self.line_len > line + usize::from(byte == b'\r') {
                let text = format!("the request line has more than {line} bytes");
                return Err(Refusal::new(414, text));
            }
            if self.lines > 1 + headers {
                let text = format!("the request has more than {headers} headers");
                return Err(Refusal::new(431, text));
            }
            if self.head.len() + at + 1 >= size {
                let text = format!("the request head has more than {size} bytes");
                return Err(Refusal::new(431, text));
            }
            last = Some(byte);
        }
        Ok(None)
    }

    /// The empty line whose newline is at `at`.
    fn last_line(&self, at: usize) -> Result<Option<usize>, Refusal> {
        if self.lines == 0 {
            return Err(Refusal::bad_request("the request line is empty"));
        }
        Ok(Some(at + 1))
    }
}

/// Without the bytes, which may hold secrets.
impl fmt::Debug for HeadReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadReader").field("is_complete", &self.is_complete).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    #[test]
    fn a_new_reader_holds_no_memory() {
        let reader = HeadReader::default();
        assert_eq!((reader.head.capacity(), reader.rest.capacity()), (0, 0));
    }

    #[test]
    fn one_byte_at_a_time_is_linear_work() {
        let mut reader = HeadReader::default();
        let (last, before) = HEAD.split_last().unwrap();
        for byte in before {
            assert!(reader.receive(&[*byte]).unwrap().is_none());
        }
        assert!(reader.receive(&[*last]).unwrap().is_some());
        assert_eq!(reader.examined, HEAD.len());
    }

    proptest! {
        #[test]
        fn every_byte_is_looked_at_once_in_any_pieces(
            lengths in vec(prop_oneof![1_usize..40, 1_usize..3000], 0..80), size in 1_usize..3000,
        ) {
            let mut head = "GET / HTTP/1.1\r\n".to_owned();
            for length in lengths {
                head += &"x".repeat(length);
                head += "\r\n";
            }
            head += "\r\n";
            let mut reader = HeadReader::default();
            for piece in head.as_bytes().chunks(size) {
                if !matches!(reader.receive(piece), Ok(None)) {
                    break;
                }
            }
            prop_assert!(reader.examined <= head.len().min(HeadLimits::DEFAULT.size));
        }
    }

    #[test]
    fn nothing_is_looked_at_beyond_the_limit() {
        let mut reader = HeadReader::default();
        let commas = [b"GET / HTTP/1.1\r\nSec-WebSocket-Extensions: ", &vec![b','; 32 * 1024][..]];
        assert_eq!(reader.receive(&commas.concat()).unwrap_err().status, 431);
        assert_eq!(reader.examined, HeadLimits::DEFAULT.size);
        assert_eq!(reader.head.capacity(), 0);
    }
}
