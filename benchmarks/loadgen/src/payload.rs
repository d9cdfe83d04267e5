//! Echo messages that are made once and patched, and the replies they must bring.
//!
//! A payload is eight hexadecimal digits, the message's sequence number on its connection, and a
//! fixed filler. The masked filler never changes, so a message costs one patch of eight bytes.

use crate::error::Fault;
use crate::frame::{self, BINARY, FIN, MASK, Other, ServerFrame, TEXT};

/// Length of the sequence number at the start of every payload.
pub(crate) const DIGITS: usize = 8;

/// What is sent, and therefore what must come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
    /// No frames at all: bytes on a TCP connection.
    Raw,
}

impl Kind {
    /// As reports say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Raw => "raw",
        }
    }

    fn first_byte(self) -> u8 {
        FIN | if self == Self::Binary { BINARY } else { TEXT }
    }

    /// What follows the digits: ASCII for text, every byte value otherwise.
    fn filler(self, length: usize) -> Vec<u8> {
        let text = b"abcdefghijklmnopqrstuvwxyz ";
        (0u8..=250)
            .map(|i| if self == Self::Text { text[usize::from(i) % text.len()] } else { i ^ 0x80 })
            .cycle()
            .take(length)
            .collect()
    }
}

/// `count` consecutive messages of one connection, ready for one write.
pub(crate) struct Batch {
    bytes: Vec<u8>,
    frame_length: usize,
    header_length: usize,
    mask: u64,
}

impl Batch {
    /// Room for `depth` messages of `size` payload bytes each.
    pub(crate) fn new(kind: Kind, size: usize, depth: usize) -> Self {
        let mut payload = vec![0; DIGITS];
        payload.extend(kind.filler(size - DIGITS));
        let (header_length, frame) = if kind == Kind::Raw {
            (0, payload)
        } else {
            let frame = frame::masked(kind.first_byte(), &payload);
            (frame.len() - size, frame)
        };
        let mask = if kind == Kind::Raw { [0; 4] } else { MASK };
        let mask = u64::from(u32::from_ne_bytes(mask));
        Self {
            frame_length: frame.len(),
            header_length,
            mask: mask << 32 | mask,
            bytes: frame.repeat(depth),
        }
    }

    /// Bytes of one message on the wire.
    pub(crate) fn frame_length(&self) -> usize {
        self.frame_length
    }

    /// The bytes of messages `first`, `first + 1`, ..., `count` of them.
    pub(crate) fn prepare(&mut self, first: u32, count: usize) -> &[u8] {
        let frames = self.bytes.chunks_exact_mut(self.frame_length).take(count);
        for (sequence, frame) in (first..).zip(frames) {
            let digits = u64::from_ne_bytes(hex(sequence)) ^ self.mask;
            frame[self.header_length..][..DIGITS].copy_from_slice(&digits.to_ne_bytes());
        }
        &self.bytes[..count * self.frame_length]
    }
}

/// The reply that every message must bring: the same payload in one unmasked frame.
pub(crate) struct Reply {
    kind: Kind,
    header: Vec<u8>,
    filler: Vec<u8>,
    length: usize,
}

impl Reply {
    pub(crate) fn new(kind: Kind, size: usize) -> Self {
        let header =
            if kind == Kind::Raw { Vec::new() } else { frame::header(kind.first_byte(), size, 0) };
        let length = header.len() + size;
        Self { kind, header, filler: kind.filler(size - DIGITS), length }
    }

    /// Bytes of one reply on the wire.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    fn is_framed(&self) -> bool {
        self.kind != Kind::Raw
    }

    /// Whether `bytes` begin with the whole and exact reply to message `sequence`.
    #[inline]
    pub(crate) fn matches(&self, bytes: &[u8], sequence: u32) -> bool {
        let Some(frame) = bytes.get(..self.length) else { return false };
        let (header, payload) = frame.split_at(self.header.len());
        header == self.header
            && payload[..DIGITS] == hex(sequence)
            && payload[DIGITS..] == self.filler
    }

    /// Says what `bytes` are when they do not [match](Self::matches).
    #[cold]
    pub(crate) fn explain(&self, bytes: &[u8], sequence: u32) -> Result<Other, Fault> {
        let expected = self.length - self.header.len();
        if self.is_framed() {
            let Some(frame) = ServerFrame::parse(bytes) else { return Ok(Other::Incomplete) };
            let expected_first = self.kind.first_byte();
            if frame.is_control() {
                return Ok(frame.control(bytes));
            }
            if frame.first != expected_first || frame.masked {
                return Err(Fault::Header { found: frame.first, expected: expected_first });
            }
            if frame.payload_length != expected as u64 {
                return Err(Fault::Length { found: frame.payload_length, expected });
            }
        }
        let Some(payload) = bytes.get(self.header.len()..self.length) else {
            return Ok(Other::Incomplete);
        };
        let digits = &payload[..DIGITS];
        if digits != hex(sequence) {
            let found = String::from_utf8_lossy(digits).into_owned();
            return Err(Fault::Sequence { found });
        }
        let differs = payload[DIGITS..].iter().zip(&self.filler).position(|(a, b)| a != b);
        Err(Fault::Payload { offset: DIGITS + differs.unwrap_or(0) })
    }
}

/// `value` as eight lower-case hexadecimal digits, without a loop.
#[inline]
fn hex(value: u32) -> [u8; DIGITS] {
    let mut nibbles = u64::from(value);
    nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an echo server would answer to a masked frame or to raw bytes.
    fn echo(kind: Kind, sent: &[u8], size: usize) -> Vec<u8> {
        if kind == Kind::Raw {
            return sent.to_vec();
        }
        let payload = &sent[sent.len() - size..];
        let payload = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        let mut reply = frame::header(kind.first_byte(), size, 0);
        reply.extend(payload);
        reply
    }

    #[test]
    fn hex_is_what_format_says() {
        for value in [0, 1, 9, 10, 15, 16, 0x0123_4567, 0x89ab_cdef, 0xa09f_90fa, u32::MAX] {
            assert_eq!(hex(value), format!("{value:08x}").as_bytes());
        }
    }

    #[test]
    fn an_echo_of_each_kind_and_size_matches_only_its_own_sequence() {
        for kind in [Kind::Text, Kind::Binary, Kind::Raw] {
            for size in [8, 9, 64, 125, 126, 65_535, 65_536] {
                let mut batch = Batch::new(kind, size, 3);
                let reply = Reply::new(kind, size);
                let length = batch.frame_length();
                let sent = batch.prepare(41, 2);
                assert_eq!(sent.len(), 2 * length);
                let answer = echo(kind, &sent[length..], size);
                assert!(reply.matches(&answer, 42), "{kind:?} {size}");
                assert!(!reply.matches(&answer, 41), "{kind:?} {size}");
                assert!(!reply.matches(&answer[..answer.len() - 1], 42), "{kind:?} {size}");
            }
        }
    }

    #[test]
    fn a_text_payload_is_ascii() {
        let mut batch = Batch::new(Kind::Text, 300, 1);
        let answer = echo(Kind::Text, batch.prepare(7, 1), 300);
        assert!(answer[4..].is_ascii());
        assert_eq!(&answer[4..12], b"00000007");
    }

    #[test]
    fn frames_have_the_headers_of_the_rfc() {
        let starts = [
            (Kind::Text, 125, vec![0x81, 0xfd]),
            (Kind::Binary, 126, vec![0x82, 0xfe, 0, 126]),
            (Kind::Text, 65_536, vec![0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        for (kind, size, expected) in starts {
            let mut batch = Batch::new(kind, size, 1);
            let frame = batch.prepare(0, 1);
            assert_eq!(&frame[..expected.len()], expected);
            assert_eq!(frame[expected.len()..][..4], MASK);
            assert_eq!(frame.len(), expected.len() + 4 + size);
        }
    }

    #[test]
    fn each_fault_is_told_apart() {
        let reply = Reply::new(Kind::Text, 16);
        let mut batch = Batch::new(Kind::Text, 16, 1);
        let good = echo(Kind::Text, batch.prepare(5, 1), 16);
        let explain = |edit: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            edit(&mut bytes);
            reply.explain(&bytes, 5)
        };
        assert_eq!(explain(&|b| b.truncate(9)), Ok(Other::Incomplete));
        assert_eq!(explain(&|b| b.truncate(1)), Ok(Other::Incomplete));
        assert_eq!(explain(&|b| b[0] = 0x82), Err(Fault::Header { found: 0x82, expected: 0x81 }));
        assert_eq!(explain(&|b| b[0] = 0x01), Err(Fault::Header { found: 0x01, expected: 0x81 }));
        assert_eq!(explain(&|b| b[1] = 15), Err(Fault::Length { found: 15, expected: 16 }));
        assert_eq!(explain(&|b| b[12] ^= 1), Err(Fault::Payload { offset: 10 }));
        let found = "00000006".to_owned();
        assert_eq!(explain(&|b| b[9] = b'6'), Err(Fault::Sequence { found }));
    }

    #[test]
    fn control_frames_are_recognised_before_a_reply() {
        let reply = Reply::new(Kind::Binary, 64);
        let ping = [0x89, 2, b'h', b'i', 0x82];
        let answer = frame::masked(0x8a, b"hi");
        assert_eq!(reply.explain(&ping, 0), Ok(Other::Ping { length: 4, pong: answer }));
        assert_eq!(reply.explain(&[0x8a, 0], 0), Ok(Other::Pong { length: 2 }));
    }
}
