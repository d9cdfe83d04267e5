//! The parts of the queue.

use std::ops::Range;
use std::sync::Arc;

/// Bytes of memory that an empty buffer keeps for the next message.
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

    /// Removes at most `count` bytes from the front, and returns how many.
    pub(super) fn advance(&mut self, count: usize) -> usize {
        let taken = count.min(self.rest().len());
        self.sent += taken;
        if self.is_empty() {
            self.sent = 0;
            recycle(&mut self.bytes);
        }
        taken
    }

    /// For a buffer of control frames, which begins with a whole one: drops all frames behind the
    /// one that is next, or begun.
    pub(super) fn keep_next_control_frame(&mut self) {
        let next = self.next_control_frame();
        self.bytes.truncate(next.end);
    }

    /// For a buffer of control frames: removes those that were sent.
    pub(super) fn forget_sent_control_frames(&mut self) {
        let next = self.next_control_frame();
        self.bytes.drain(..next.start);
        self.sent -= next.start;
    }

    /// The first frame that is not sent in full; empty, at the end, if all are.
    fn next_control_frame(&self) -> Range<usize> {
        let mut next = 0..0;
        while next.end <= self.sent && next.end < self.bytes.len() {
            next = next.end..next.end + 2 + usize::from(self.bytes[next.end + 1]);
        }
        next
    }
}

/// Empties `bytes`, and frees its memory if that is more than is worth keeping.
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
