//! Compressing messages, each to its own end on a byte boundary.

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

/// How hard to look for repetitions: 1 is the fastest. It shrinks JSON to a third; 6 shrinks it to
/// a quarter, with four times the work, and all connections share one thread.
const LEVEL: i32 = 1;
/// Half of the usual memory. It bounds the size of blocks, and at this level there are no more of
/// them for it.
const MEM_LEVEL: i32 = 6;
/// Output is made in pieces of this size.
const CHUNK: usize = 8 * 1024;
/// Memory for the output that is kept for the next message.
const KEPT_CAPACITY: usize = 4 * 1024;
/// The end of a flush, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// A context for sending: 280 KiB for a window of 15 bits.
pub(super) struct Deflater {
    stream: Deflate,
    window_bits: u8,
    out: Vec<u8>,
    /// It counts as one that a connection keeps.
    pub(super) is_kept: bool,
}

impl Deflater {
    /// The base-2 logarithm of how far back repetitions are looked for, unless the client asks
    /// for less.
    pub(super) const WINDOW_BITS: u8 = 15;

    pub(super) fn new(window_bits: u8) -> Self {
        let config = DeflateConfig {
            level: LEVEL,
            // Negative: without the header and checksum of zlib.
            window_bits: -i32::from(window_bits),
            mem_level: MEM_LEVEL,
            ..DeflateConfig::default()
        };
        Self {
            stream: Deflate::new_with_config(config),
            window_bits,
            out: Vec::new(),
            is_kept: false,
        }
    }

    pub(super) fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Forgets what was compressed.
    pub(super) fn reset(&mut self) {
        self.stream.reset();
        self.recycle();
    }

    /// Frees the memory for the output, if it is more than is worth keeping.
    pub(super) fn recycle(&mut self) {
        self.out.clear();
        self.out.shrink_to(KEPT_CAPACITY);
    }

    /// The message as RFC 7692 section 7.2.1 has it.
    pub(super) fn compress(&mut self, mut payload: &[u8]) -> &[u8] {
        self.out.clear();
        let mut chunk = [0; CHUNK];
        loop {
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.compress(payload, &mut chunk, DeflateFlush::SyncFlush);
            debug_assert!(status.is_ok(), "{status:?}");
            payload = &payload[size(self.stream.total_in() - before_in)..];
            let made = size(self.stream.total_out() - before_out);
            self.out.extend_from_slice(&chunk[..made]);
            if payload.is_empty() && made < CHUNK {
                break;
            }
        }
        debug_assert!(self.out.ends_with(&TAIL));
        self.out.truncate(self.out.len() - TAIL.len());
        &self.out
    }
}

#[expect(clippy::cast_possible_truncation, reason = "no more than the length of a slice")]
fn size(count: u64) -> usize {
    count as usize
}
