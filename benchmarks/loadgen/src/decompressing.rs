//! The exchange of `telemetry`: a fixed number of messages in flight; each reply is decompressed
//! and compared, and owes the next message.

use zlib_rs::{Inflate, InflateFlush};

use crate::error::Fault;
use crate::frame::{COMPRESSED, FIN, TEXT};
use crate::messages::Exchange;
use crate::run::Shared;

/// The end of every compressed message, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
const LARGEST_WINDOW: u8 = 15;

/// The messages, and room for a reply.
pub(crate) struct Kit {
    pub(crate) texts: Vec<Vec<u8>>,
    /// The same, as a client sends them.
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) inflated: Vec<u8>,
}

/// Replies come in the order of their messages.
pub(crate) struct Decompressing {
    /// A reply may refer to all that came before it.
    context: Inflate,
    /// Messages that were sent, or are to be.
    owed: u32,
    answered: u32,
    /// When the message with this sequence number, modulo depth, was written.
    sent_at: Vec<u64>,
}

impl Decompressing {
    pub(crate) fn new(depth: usize) -> Self {
        let context = Inflate::new(false, LARGEST_WINDOW);
        Self { context, owed: 0, answered: 0, sent_at: vec![0; depth] }
    }

    fn owe(&mut self, kit: &Kit, now: u64, unsent: &mut Vec<u8>) {
        let slot = self.owed as usize % self.sent_at.len();
        self.sent_at[slot] = now;
        unsent.extend_from_slice(&kit.frames[self.owed as usize % kit.frames.len()]);
        self.owed += 1;
    }

    fn check(&mut self, kit: &mut Kit, reply: &[u8]) -> Result<(), Fault> {
        if self.missing() == 0 {
            return Err(Fault::Unasked);
        }
        let Kit { texts, inflated, .. } = kit;
        let expected = &texts[self.answered as usize % texts.len()];
        // One byte more, to see a reply that is too long.
        inflated.resize(expected.len() + 1, 0);
        let length = self.inflate(reply, inflated)?;
        if length != expected.len() {
            return Err(Fault::Length { found: length as u64, expected: expected.len() });
        }
        match expected.iter().zip(&*inflated).position(|(a, b)| a != b) {
            Some(offset) => Err(Fault::Payload { offset }),
            None => Ok(()),
        }
    }

    /// Decompresses a message into `output`, and returns its length there.
    fn inflate(&mut self, message: &[u8], output: &mut [u8]) -> Result<usize, Fault> {
        let mut made = 0;
        for mut part in [message, &TAIL] {
            while !part.is_empty() && made < output.len() {
                let (before_in, before_out) = (self.context.total_in(), self.context.total_out());
                let status =
                    self.context.decompress(part, &mut output[made..], InflateFlush::SyncFlush);
                let read = usize::try_from(self.context.total_in() - before_in).unwrap_or(0);
                let wrote = usize::try_from(self.context.total_out() - before_out).unwrap_or(0);
                if status.is_err() || (read == 0 && wrote == 0) {
                    return Err(Fault::NotDeflate);
                }
                part = &part[read..];
                made += wrote;
            }
        }
        Ok(made)
    }
}

impl Exchange for Decompressing {
    type Kit = Kit;

    const FIRST_BYTE: u8 = FIN | COMPRESSED | TEXT;

    fn missing(&self) -> u32 {
        self.owed - self.answered
    }

    fn due(&self) -> u32 {
        self.answered
    }

    fn begin(&mut self, kit: &Kit, now: u64, unsent: &mut Vec<u8>) {
        for _ in 0..self.sent_at.len() {
            self.owe(kit, now, unsent);
        }
    }

    fn answered(
        &mut self,
        shared: &mut Shared<Kit>,
        reply: &[u8],
        now: u64,
        unsent: &mut Vec<u8>,
    ) -> Result<(), (u32, Fault)> {
        self.check(&mut shared.kit, reply).map_err(|fault| (self.answered, fault))?;
        let slot = self.answered as usize % self.sent_at.len();
        shared.tally.round_trips.record(now - self.sent_at[slot]);
        self.answered += 1;
        if shared.sending {
            self.owe(&shared.kit, now, unsent);
        }
        Ok(())
    }
}
