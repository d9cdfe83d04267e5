//! Collecting a request head, whatever pieces it comes in.

use std::fmt;

use super::refusal::Refusal;
use super::request::Request;

/// Bytes that the request line may have. More: 414.
pub const MAX_REQUEST_LINE: usize = 8 * 1024;
/// Headers that a request may have. More: 431.
pub const MAX_HEADERS: usize = 64;
/// Bytes that a request head may have, its last empty line included. More: 431.
pub const MAX_HEAD_SIZE: usize = 16 * 1024;

/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Collects the bytes of a request head.
///
/// Call [`receive`](Self::receive) with what was read until it gives the request or a refusal.
/// The bytes behind the head, frames that were sent before our 101, are kept for
/// [`into_rest`](Self::into_rest), as are those of later calls, of which the caller bounds the
/// number. Every byte of the head is looked at once, however they are split.
#[derive(Default)]
pub struct HeadReader {
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
    /// A reader that has seen nothing, and holds no memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read: `None` while the head is not complete. A refusal ends the exchange:
    /// its response is written, and the transport closed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<Request>, Refusal> {
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
        Request::parse(&std::mem::take(&mut self.head)).map(Some)
    }

    /// The bytes that came behind the head, in their order.
    pub fn into_rest(self) -> Vec<u8> {
        self.rest
    }

    /// Looks at the bytes behind those in `head`, and says where among them the head ends.
    fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
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
            if self.lines == 0 && self.line_len > MAX_REQUEST_LINE + usize::from(byte == b'\r') {
                return Err(Refusal::new(414, "the request line is longer than 8 KiB"));
            }
            if self.lines > 1 + MAX_HEADERS {
                return Err(Refusal::new(431, "the request has more than 64 headers"));
            }
            if self.head.len() + at + 1 >= MAX_HEAD_SIZE {
                return Err(Refusal::new(431, "the request head is larger than 16 KiB"));
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
        let reader = HeadReader::new();
        assert_eq!((reader.head.capacity(), reader.rest.capacity()), (0, 0));
    }

    #[test]
    fn one_byte_at_a_time_is_linear_work() {
        let mut reader = HeadReader::new();
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
            let mut reader = HeadReader::new();
            for piece in head.as_bytes().chunks(size) {
                if !matches!(reader.receive(piece), Ok(None)) {
                    break;
                }
            }
            prop_assert!(reader.examined <= head.len().min(MAX_HEAD_SIZE));
        }
    }

    #[test]
    fn nothing_is_looked_at_beyond_the_limit() {
        let mut reader = HeadReader::new();
        let commas = [b"GET / HTTP/1.1\r\nSec-WebSocket-Extensions: ", &vec![b','; 32 * 1024][..]];
        assert_eq!(reader.receive(&commas.concat()).unwrap_err().status, 431);
        assert_eq!(reader.examined, MAX_HEAD_SIZE);
        assert_eq!(reader.head.capacity(), 0);
    }
}
