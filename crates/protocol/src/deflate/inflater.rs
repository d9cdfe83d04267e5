//! Decompressing messages, whatever pieces they come in.

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::error::ProtocolError;

/// Output is made in pieces of this size.
const CHUNK: usize = 8 * 1024;
/// The end of every message, which is not sent: the length, 0, of a stored block.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// The tail, and bytes that are not read if the message ended where a message may end.
const TAIL_AND_MORE: [u8; 5] = [0, 0, 0xff, 0xff, 0];

/// A context for receiving. Its window is always the largest.
pub(super) struct Inflater {
    stream: Inflate,
    /// A final block was the last that came, and nothing after it.
    is_after_final_block: bool,
}

/// How much input was taken, and output made, and what came of it.
struct Step {
    status: Result<Status, ProtocolError>,
    read: usize,
    made: usize,
}

impl Inflater {
    /// About what it holds, in bytes.
    pub(super) const SIZE: usize = 44 * 1024;

    pub(super) fn new() -> Self {
        Self { stream: Inflate::new(false, 15), is_after_final_block: false }
    }

    /// Forgets what came.
    pub(super) fn reset(&mut self) {
        self.stream.reset(false);
        self.is_after_final_block = false;
    }

    /// Decompresses a part of a message. `put` bounds what comes out: an error of its own ends
    /// the work.
    pub(super) fn decompress(
        &mut self,
        mut part: &[u8],
        mut put: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let mut chunk = [0; CHUNK];
        while !part.is_empty() {
            self.is_after_final_block = false;
            let Step { status, read, made } = self.step(part, &mut chunk, InflateFlush::NoFlush);
            // What came out before an error counts first, wherever the parts are cut.
            put(&chunk[..made])?;
            part = &part[read..];
            if status? == Status::StreamEnd {
                // Another deflate stream may follow, on the next byte boundary.
                self.reset();
                self.is_after_final_block = true;
            } else if part.is_empty() && made == CHUNK {
                self.drain(&mut chunk, &mut put)?;
            } else if read == 0 && made == 0 {
                return Err(ProtocolError::CorruptDeflate);
            }
        }
        Ok(())
    }

    /// All was read, but not all has come out.
    fn drain(
        &mut self,
        chunk: &mut [u8; CHUNK],
        put: &mut impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        loop {
            let Step { status, made, .. } = self.step(&[], chunk, InflateFlush::NoFlush);
            put(&chunk[..made])?;
            if status? == Status::StreamEnd {
                self.reset();
                self.is_after_final_block = true;
            }
            if made < CHUNK {
                return Ok(());
            }
        }
    }

    /// Takes the message's end: an error if there is more to come of it.
    pub(super) fn finish(&mut self) -> Result<(), ProtocolError> {
        if std::mem::take(&mut self.is_after_final_block) {
            return Ok(());
        }
        // It stops behind the block that the tail ends, if the message was whole.
        let mut chunk = [0; 1];
        let Step { status, read, made } =
            self.step(&TAIL_AND_MORE, &mut chunk, InflateFlush::Block);
        if (status?, read, made) == (Status::Ok, TAIL.len(), 0) {
            Ok(())
        } else {
            Err(ProtocolError::CorruptDeflate)
        }
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], flush: InflateFlush) -> Step {
        let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.decompress(input, output, flush);
        Step {
            status: status.map_err(|_| ProtocolError::CorruptDeflate),
            read: size(self.stream.total_in() - before_in),
            made: size(self.stream.total_out() - before_out),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "no more than the length of a slice")]
fn size(count: u64) -> usize {
    count as usize
}
