//! What the queue is made of.

use std::sync::Arc;

/// Memory that something empty keeps for the next message.
pub(super) const KEPT_CAPACITY: usize = 4 * 1024;

/// Bytes that leave from the front.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    pub(super) sent: usize,
}

impl Buffer {
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Takes off at most `count` bytes and returns how many.
    pub(super) fn advance(&mut self, count: usize) -> usize {
        let taken = count.min(self.rest().len());
        self.sent += taken;
        if self.is_empty() {
            self.sent = 0;
            recycle(&mut self.bytes);
        }
        taken
    }
}

/// Empties `bytes`, and gives its memory back if that is more than is worth keeping.
pub(super) fn recycle(bytes: &mut Vec<u8>) {
    if bytes.capacity() > KEPT_CAPACITY {
        *bytes = Vec::new();
    } else {
        bytes.clear();
    }
}

/// Data frames that are written in one go: nothing comes between their bytes.
#[derive(Debug)]
pub(super) enum Segment {
    /// One large frame, or many small ones.
    Owned(Vec<u8>),
    /// One frame that other connections send, too.
    Shared(Arc<[u8]>),
}

impl Segment {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}
