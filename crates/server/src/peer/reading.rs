//! What comes from a peer's socket, up to its end.

use std::io::{self, ErrorKind};
use std::time::Instant;

use super::{Fate, Peer, Phase, Rules};
use crate::io::stream::Readiness;
use crate::queues::event::{Batch, CloseCause};

/// What one read may bring when it may be compressed: it grows to at most a thousand times as much.
const COMPRESSED_READ_SIZE: usize = 4 * 1024;

impl Peer {
    /// Reads once.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        rules: &mut Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> (Readiness, Fate) {
        let (may_grow, most) = match &self.phase {
            Phase::Open(open) => (open.connection.is_compressed(), open.read_size()),
            // What follows the request may be compressed.
            Phase::Handshake { .. } => (true, COMPRESSED_READ_SIZE),
            Phase::Waiting { .. } | Phase::Lingering { .. } => (false, buffer.len()),
        };
        let most = most.min(buffer.len());
        let limit = if may_grow { most.min(COMPRESSED_READ_SIZE) } else { most };
        match self.stream.read(buffer, limit) {
            Ok((0, _)) => (Readiness::Drained, self.handle_end(None, now, batch)),
            Ok((count, readiness)) => {
                let readiness = if self.is_ending { Readiness::More } else { readiness };
                (readiness, self.receive(&mut buffer[..count], rules, now, batch))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => (Readiness::Drained, Fate::Keep),
            Err(error) if error.kind() == ErrorKind::Interrupted => (Readiness::More, Fate::Keep),
            Err(error) => (Readiness::Drained, self.handle_end(Some(error), now, batch)),
        }
    }

    fn receive(
        &mut self,
        bytes: &mut [u8],
        rules: &mut Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        match &mut self.phase {
            Phase::Open(open) => {
                open.receive(self.id, bytes, now, batch);
                for (group, mark) in open.take_read() {
                    self.memberships.read(group, mark);
                }
                Fate::Keep
            }
            Phase::Handshake { reader, .. } => match reader.receive(bytes) {
                Ok(None) => Fate::Keep,
                Ok(Some(request)) => {
                    let reader = std::mem::take(reader);
                    self.admit(&request, reader.into_rest(), rules, now, batch)
                }
                Err(refusal) => self.refuse(&refusal, rules, now, batch),
            },
            Phase::Waiting { .. } | Phase::Lingering { .. } => Fate::Keep,
        }
    }

    /// The peer closed its side of the socket, or the socket failed.
    pub(super) fn handle_end(
        &mut self,
        error: Option<io::Error>,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        if error.is_none() {
            // Its close frame may have come just before: our answer still goes out.
            let _ = self.write_all(now);
            self.take_leave(now);
        }
        if let Phase::Open(open) = &mut self.phase {
            let end = match error {
                _ if open.connection.is_finished() => None,
                Some(error) => {
                    let (cause, text) = describe(&error);
                    batch.failed(self.id, &text);
                    Some((cause, text))
                }
                None => Some((CloseCause::Left, "the peer left without a close frame".into())),
            };
            open.report_written(self.stream.settled(), self.id, batch);
            open.report_closed(self.id, end, batch);
        }
        Fate::Drop
    }
}

fn describe(error: &io::Error) -> (CloseCause, String) {
    match error.kind() {
        ErrorKind::ConnectionReset => (CloseCause::Left, "the peer reset the connection".into()),
        ErrorKind::BrokenPipe | ErrorKind::WriteZero => {
            (CloseCause::Left, "the peer closed the connection".into())
        }
        ErrorKind::InvalidData => (CloseCause::Violation, format!("the peer broke TLS: {error}")),
        _ => (CloseCause::Failed, format!("the connection failed: {error}")),
    }
}
