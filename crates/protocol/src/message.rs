//! A message: its kind, its payload, and the one that is still being put together.

use std::ops::Deref;

use crate::error::ProtocolError;
use crate::utf8::Utf8Validator;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8; what is received has been checked.
    Text,
    /// Any bytes.
    Binary,
}

/// The payload of a received message. It derefs to its bytes.
#[derive(Clone, Debug)]
pub enum Payload<'a> {
    /// The whole message lay in the bytes given to
    /// [`Connection::receive`](crate::Connection::receive).
    Borrowed(&'a [u8]),
    /// The message came in several reads or fragments.
    Owned(Vec<u8>),
}

impl Payload<'_> {
    /// The bytes, copied only if they were borrowed.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Borrowed(bytes) => bytes.to_vec(),
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl PartialEq for Payload<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload<'_> {}

/// A message of which a part has arrived.
#[derive(Debug)]
pub(crate) struct Assembly {
    kind: Kind,
    bytes: Vec<u8>,
    fragments: usize,
    /// Bytes that have arrived of a compressed message; `None`: it is not compressed.
    compressed: Option<usize>,
    utf8: Utf8Validator,
}

impl Assembly {
    pub(crate) fn new(kind: Kind, is_compressed: bool) -> Self {
        Self {
            kind,
            bytes: Vec::new(),
            fragments: 1,
            compressed: is_compressed.then_some(0),
            utf8: Utf8Validator::default(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.compressed.is_some()
    }

    /// How long the payload of the next frame may be, if the message may have `limit` bytes.
    ///
    /// A compressor makes a message at most twice as long, plus a few bytes for each fragment. What
    /// comes out of it is counted when it comes out.
    pub(crate) fn room(&self, limit: usize) -> usize {
        let Some(compressed) = self.compressed else {
            return limit.saturating_sub(self.bytes.len());
        };
        limit.saturating_mul(2).saturating_add(64 + 8 * self.fragments).saturating_sub(compressed)
    }

    /// Counts a part of a compressed payload that has arrived.
    pub(crate) fn count_compressed(&mut self, bytes: usize) {
        if let Some(compressed) = &mut self.compressed {
            *compressed += bytes;
        }
    }

    /// Bytes that have arrived, or that were decompressed.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory in use.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Counts a continuation frame, and returns how many frames there are now.
    pub(crate) fn count_fragment(&mut self) -> usize {
        self.fragments += 1;
        self.fragments
    }

    /// Appends unmasked bytes. `expected` is the most that the message can still become.
    ///
    /// Text is refused at the first byte that cannot continue it. Memory grows with what has
    /// arrived, not with what was announced: it doubles, up to `expected`.
    pub(crate) fn push(&mut self, part: &[u8], expected: usize) -> Result<(), ProtocolError> {
        if self.kind == Kind::Text {
            self.utf8.push(part)?;
        }
        let needed = self.bytes.len() + part.len();
        if needed > self.bytes.capacity() {
            let target = needed.max(expected.min(self.bytes.capacity() * 2));
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    /// The whole message, or an error if its text ends inside a character.
    pub(crate) fn finish(self) -> Result<Vec<u8>, ProtocolError> {
        self.utf8.finish()?;
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_what_arrived_not_what_was_announced() {
        let mut assembly = Assembly::new(Kind::Binary, false);
        assembly.push(b"one", 1 << 30).unwrap();
        assert!(assembly.capacity() < 64);
    }

    #[test]
    fn memory_never_exceeds_the_announced_length() {
        let mut assembly = Assembly::new(Kind::Binary, false);
        for _ in 0..1000 {
            assembly.push(b"x", 1000).unwrap();
            assert!(assembly.capacity() <= 1000);
        }
        assert_eq!(assembly.finish().unwrap().len(), 1000);
    }

    #[test]
    fn one_byte_at_a_time_copies_a_linear_number_of_bytes() {
        let mut assembly = Assembly::new(Kind::Binary, false);
        let (mut copied, mut capacity) = (0, 0);
        for _ in 0..100_000 {
            let before = assembly.len();
            assembly.push(b"x", 1 << 20).unwrap();
            if assembly.capacity() != capacity {
                capacity = assembly.capacity();
                copied += before;
            }
        }
        assert!(copied < 200_000, "{copied}");
    }

    #[test]
    fn payloads_compare_by_their_bytes() {
        assert_eq!(Payload::Borrowed(b"same"), Payload::Owned(b"same".to_vec()));
        assert_eq!(
            Payload::Borrowed(b"same").into_vec(),
            Payload::Owned(b"same".to_vec()).into_vec()
        );
    }
}
