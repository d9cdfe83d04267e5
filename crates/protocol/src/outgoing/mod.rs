//! What waits to be written: data in order, control frames before it, the close frame last.
//!
//! The order of the bytes is
//!
//! 1. the rest of a data segment that was begun,
//! 2. control frames,
//! 3. the other data segments,
//! 4. our close frame.
//!
//! A segment is one large frame, one frame shared by many connections, or many small frames.

mod buffer;
mod encoded;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use crate::close_code::{NO_STATUS, is_valid_received};
use crate::frame::{self, MAX_CLOSE_REASON, MAX_CONTROL_PAYLOAD, MAX_UNMASKED_HEADER, Opcode};
use crate::message::Kind;

use buffer::{Buffer, Segment, recycle};

pub use encoded::{Frame, encode_frame, encode_frame_and_ping};

/// Small frames are put into one segment until it has this many bytes.
const SEGMENT_SIZE: usize = 64 * 1024;
/// A payload of this size gets a segment of its own, and is worth a [`Frame`].
pub const LARGE_PAYLOAD: usize = 16 * 1024;
/// A frame of this size is shared between connections, a smaller one is copied.
const SHARED_FRAME: usize = 4 * 1024;
/// Unsent bytes of control frames that are kept for a peer that does not read.
const MAX_CONTROL: usize = 16 * 1024;
/// Segments for which an empty queue keeps room.
const KEPT_SEGMENTS: usize = 8;

/// The queue. [`fill`](Self::fill) shows what is next, [`advance`](Self::advance) removes it.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Segments that are complete. None is empty.
    segments: VecDeque<Segment>,
    /// The last segment of data, to which small frames are added.
    tail: Vec<u8>,
    /// Bytes of the first segment that have been written. Above 0, the segment is begun.
    front_sent: usize,
    control: Buffer,
    close: Buffer,
    /// Our close frame was queued. Nothing more is added, except pongs before it.
    closed: bool,
    /// Bytes of data frames: those that were written, and those that wait.
    data_sent: u64,
    data_waiting: usize,
}

impl Outgoing {
    /// Queues a message, and returns the data position of its end.
    #[inline]
    pub(crate) fn push(&mut self, kind: Kind, payload: &[u8]) -> u64 {
        self.push_frame(payload, |out| frame::encode(kind.into(), payload, out))
    }

    /// Queues a message whose payload has been compressed, and returns the data position of its
    /// end.
    pub(crate) fn push_compressed(&mut self, kind: Kind, payload: &[u8]) -> u64 {
        self.push_frame(payload, |out| frame::encode_compressed(kind, payload, out))
    }

    #[inline]
    fn push_frame(&mut self, payload: &[u8], encode: impl FnOnce(&mut Vec<u8>)) -> u64 {
        if self.closed {
            return self.end();
        }
        if payload.len() < LARGE_PAYLOAD {
            let before = self.open_tail().len();
            encode(&mut self.tail);
            self.data_waiting += self.tail.len() - before;
        } else {
            let mut frame = Vec::with_capacity(MAX_UNMASKED_HEADER + payload.len());
            encode(&mut frame);
            self.push_owned(frame);
        }
        self.end()
    }

    /// Queues a message as it is, and returns the data position of its end.
    pub(crate) fn push_whole(&mut self, frame: Frame) -> u64 {
        if !self.closed {
            self.push_owned(frame.bytes);
        }
        self.end()
    }

    fn push_owned(&mut self, frame: Vec<u8>) {
        self.data_waiting += frame.len();
        self.seal_tail();
        self.segments.push_back(Segment::Owned(frame));
    }

    /// Queues a frame that was encoded before, and returns the data position of its end.
    pub(crate) fn push_encoded(&mut self, frame: &Arc<[u8]>) -> u64 {
        if self.closed || frame.is_empty() {
            return self.end();
        }
        if frame.len() < SHARED_FRAME {
            self.open_tail().extend_from_slice(frame);
        } else {
            self.seal_tail();
            self.segments.push_back(Segment::Shared(Arc::clone(frame)));
        }
        self.data_waiting += frame.len();
        self.end()
    }

    /// Queues a ping or pong. A longer payload is cut to what a control frame holds. When too much
    /// waits already, what waits is dropped, as only the newest ping needs its pong (RFC 6455,
    /// section 5.5.3).
    pub(crate) fn push_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let payload = &payload[..payload.len().min(MAX_CONTROL_PAYLOAD)];
        let size = 2 + payload.len();
        if self.close_is_begun() {
            return;
        }
        if self.control.rest().len() + size > MAX_CONTROL {
            self.control.keep_next_control_frame();
        }
        // What was sent is removed only when it is the larger part, so the work is linear in all.
        if self.control.sent > self.control.bytes.len() / 2 {
            self.control.forget_sent_control_frames();
        }
        frame::encode(opcode, payload, &mut self.control.bytes);
    }

    /// Queues our close frame behind the data, once. Code 1005 stands for none.
    pub(crate) fn push_close(&mut self, code: u16, reason: &str) {
        if self.closed {
            return;
        }
        debug_assert!(code == NO_STATUS || is_valid_received(code), "{code} is no close code");
        self.closed = true;
        let mut payload = Vec::new();
        if code != NO_STATUS {
            payload.extend_from_slice(&code.to_be_bytes());
            let ends = reason.char_indices().map(|(at, character)| at + character.len_utf8());
            let end = ends.take_while(|&end| end <= MAX_CLOSE_REASON).last().unwrap_or(0);
            payload.extend_from_slice(&reason.as_bytes()[..end]);
        }
        frame::encode(Opcode::Close, &payload, &mut self.close.bytes);
    }

    /// Drops the data that waits, and our close frame if it is not begun; queues another one.
    pub(crate) fn fail(&mut self, code: u16, reason: &str) {
        self.drop_waiting();
        if !self.close_is_begun() {
            self.closed = false;
            self.close = Buffer::default();
            self.push_close(code, reason);
        }
    }

    /// Drops everything. Nothing can be queued after this.
    pub(crate) fn abort(&mut self) {
        *self = Self { closed: true, data_sent: self.data_sent, ..Self::default() };
    }

    /// Frees the memory that an empty queue kept.
    pub(crate) fn release(&mut self) {
        if self.pending() == 0 {
            self.tail = Vec::new();
            self.segments = VecDeque::new();
            self.control = Buffer::default();
        }
    }

    /// Our close frame was queued: what is pushed is ignored.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Data bytes written so far.
    pub(crate) fn data_sent(&self) -> u64 {
        self.data_sent
    }

    pub(crate) fn control_is_empty(&self) -> bool {
        self.control.is_empty()
    }

    /// Bytes that wait.
    pub(crate) fn pending(&self) -> usize {
        self.data_waiting + self.control.rest().len() + self.close.rest().len()
    }

    /// Fills `slices` with what is next, and returns how many it filled.
    pub(crate) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut data = self.segments.iter().map(Segment::bytes).chain([&self.tail[..]]);
        let begun = if self.front_sent > 0 { data.next() } else { None };
        let begun = begun.map(|front| &front[self.front_sent..]);
        let all = begun
            .into_iter()
            .chain([self.control.rest()])
            .chain(data)
            .chain([self.close.rest()])
            .filter(|bytes| !bytes.is_empty());
        let mut filled = 0;
        for (slice, bytes) in slices.iter_mut().zip(all) {
            *slice = IoSlice::new(bytes);
            filled += 1;
        }
        filled
    }

    /// Removes the next `count` bytes, which were written.
    pub(crate) fn advance(&mut self, mut count: usize) {
        if self.front_sent > 0 {
            count -= self.advance_data(count);
        }
        count -= self.control.advance(count);
        while count > 0 && self.data_waiting > 0 {
            count -= self.advance_data(count);
        }
        count -= self.close.advance(count);
        debug_assert_eq!(count, 0, "more bytes were reported than there were");
    }

    /// Bytes of memory in use.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.segments.capacity() * size_of::<Segment>()
            + self.tail.capacity()
            + self.control.bytes.capacity()
            + self.close.bytes.capacity()
    }

    /// The data position of the end of what was queued.
    #[inline]
    pub(crate) fn end(&self) -> u64 {
        self.data_sent + self.data_waiting as u64
    }

    fn close_is_begun(&self) -> bool {
        self.closed && (self.close.sent > 0 || self.close.is_empty())
    }

    /// Removes at most `count` bytes of the first segment, and returns how many.
    fn advance_data(&mut self, count: usize) -> usize {
        let front = self.segments.front().map_or(&self.tail[..], Segment::bytes);
        let taken = count.min(front.len() - self.front_sent);
        self.front_sent += taken;
        self.data_sent += taken as u64;
        self.data_waiting -= taken;
        if self.front_sent == front.len() {
            self.front_sent = 0;
            if self.segments.pop_front().is_none() {
                recycle(&mut self.tail);
            } else if self.segments.is_empty() && self.segments.capacity() > KEPT_SEGMENTS {
                self.segments = VecDeque::new();
            }
        }
        taken
    }

    /// The segment that small frames are added to: not full, and not begun, for a control frame
    /// must not wait behind a segment that never ends.
    #[inline]
    fn open_tail(&mut self) -> &mut Vec<u8> {
        let begun = self.front_sent > 0 && self.segments.is_empty();
        if begun || self.tail.len() >= SEGMENT_SIZE {
            self.seal_tail();
        }
        &mut self.tail
    }

    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            self.segments.push_back(Segment::Owned(std::mem::take(&mut self.tail)));
        }
    }

    /// Drops the data segments that are not begun.
    fn drop_waiting(&mut self) {
        let begun = usize::from(self.front_sent > 0);
        if self.segments.len() >= begun {
            self.segments.truncate(begun);
            self.segments.shrink_to_fit();
            self.tail = Vec::new();
        }
        let front = self.segments.front().map_or(&self.tail[..], Segment::bytes);
        self.data_waiting = front.len() - self.front_sent;
    }
}

#[cfg(test)]
mod tests {
    use super::buffer::KEPT_CAPACITY;
    use super::*;

    fn drain(outgoing: &mut Outgoing) {
        outgoing.advance(outgoing.pending());
        assert_eq!(outgoing.pending(), 0);
    }

    #[test]
    fn a_queue_that_was_never_used_holds_nothing() {
        assert_eq!(Outgoing::default().held(), 0);
    }

    #[test]
    fn small_messages_use_the_same_memory_again() {
        let mut outgoing = Outgoing::default();
        outgoing.push(Kind::Text, &[b'x'; 64]);
        let first = outgoing.tail.as_ptr();
        for _ in 0..10 {
            drain(&mut outgoing);
            outgoing.push(Kind::Text, &[b'x'; 64]);
            assert_eq!(outgoing.tail.as_ptr(), first);
        }
    }

    #[test]
    fn an_empty_queue_keeps_little_and_can_give_that_back() {
        let mut outgoing = Outgoing::default();
        for size in [20_000, 10_000, 10_000, 10_000].repeat(20) {
            outgoing.push(Kind::Binary, &vec![7; size]);
            outgoing.push_control(Opcode::Pong, &[7; 100]);
        }
        drain(&mut outgoing);
        assert_eq!(outgoing.held(), 0, "all was too large to keep");
        for size in [10, 20_000] {
            outgoing.push(Kind::Binary, &vec![7; size]);
            outgoing.push_control(Opcode::Pong, &[7; 100]);
        }
        drain(&mut outgoing);
        assert!((1..KEPT_CAPACITY).contains(&outgoing.held()), "{}", outgoing.held());
        outgoing.release();
        assert_eq!(outgoing.held(), 0);
    }

    #[test]
    fn control_frames_for_a_slow_reader_do_not_pile_up() {
        let mut outgoing = Outgoing::default();
        for _ in 0..5000 {
            outgoing.push_control(Opcode::Pong, &[7; 125]);
            outgoing.advance(outgoing.pending().min(100));
            assert!(outgoing.control.bytes.len() <= 2 * MAX_CONTROL);
        }
    }

    #[test]
    fn an_aborted_queue_holds_nothing_and_takes_nothing() {
        let mut outgoing = Outgoing::default();
        outgoing.push(Kind::Binary, &[7; 100]);
        outgoing.advance(50);
        outgoing.abort();
        assert_eq!((outgoing.held(), outgoing.pending(), outgoing.data_sent()), (0, 0, 50));
        outgoing.push(Kind::Binary, &[7; 100]);
        outgoing.push_control(Opcode::Ping, b"");
        outgoing.push_close(1000, "");
        assert_eq!((outgoing.held(), outgoing.pending()), (0, 0));
    }

    #[test]
    fn a_failed_queue_keeps_only_the_segment_that_is_begun() {
        for (sent, kept) in [(0, 0), (1, 101), (102, 0), (103, 20_003)] {
            let mut outgoing = Outgoing::default();
            outgoing.push(Kind::Binary, &[7; 100]);
            outgoing.push(Kind::Binary, &vec![7; 20_000]);
            outgoing.push(Kind::Binary, &[7; 100]);
            outgoing.advance(sent);
            outgoing.fail(1002, "");
            assert_eq!(outgoing.pending(), kept + 4, "after {sent} bytes");
            drain(&mut outgoing);
        }
        let mut outgoing = Outgoing::default();
        outgoing.push(Kind::Binary, &[7; 100]);
        outgoing.advance(1);
        outgoing.fail(1002, "");
        assert_eq!(outgoing.pending(), 101 + 4);
    }
}
