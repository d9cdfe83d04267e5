//! What goes to a peer's socket, up to the last word.

use std::io::{self, ErrorKind, IoSlice};
use std::time::Instant;

use super::{Fate, Peer, Phase, Rules};
use crate::queues::event::Batch;

impl Peer {
    /// Writes what is queued, as far as the socket takes it, and notices when everything is sent.
    pub(crate) fn write(&mut self, rules: &Rules, now: Instant, batch: &mut Batch) -> Fate {
        loop {
            if let Err(error) = self.write_all(now) {
                return self.handle_end(Some(error), now, batch);
            }
            if self.is_blocked() || !self.catch_up(rules, batch) {
                break;
            }
        }
        let all_written = !self.is_blocked() && self.responded == self.response.len();
        match &mut self.phase {
            Phase::Open(open) => {
                open.report_written(self.stream.settled(), self.id, batch);
                if open.connection.is_finished() && all_written {
                    open.report_closed(self.id, None, batch);
                    self.finish(now);
                    return self.linger(rules, now);
                }
            }
            Phase::Lingering { .. } if all_written && !self.response.is_empty() => {
                self.response = Vec::new();
                self.responded = 0;
                self.finish(now);
            }
            Phase::Lingering { .. } | Phase::Waiting { .. } | Phase::Handshake { .. } => {}
        }
        Fate::Keep
    }

    pub(super) fn write_all(&mut self, now: Instant) -> io::Result<()> {
        loop {
            let mut slices = [IoSlice::new(&[]); 32];
            let response = &self.response[self.responded..];
            let mut count = 0;
            if !response.is_empty() {
                slices[0] = IoSlice::new(response);
                count = 1;
            }
            if let Phase::Open(open) = &self.phase {
                count += open.connection.transmit(&mut slices[count..]);
            }
            let written = if !self.stream.is_flushed() {
                self.stream.flush().map(|()| 0)
            } else if count == 0 || self.stream.is_handshaking() {
                self.blocked_since = None;
                return Ok(());
            } else {
                self.stream.write(&slices[..count])
            };
            match written {
                Ok(written) => {
                    self.blocked_since = None;
                    self.transmitted(written, now);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked_since.get_or_insert(now);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn transmitted(&mut self, written: usize, now: Instant) {
        let of_response = written.min(self.response.len() - self.responded);
        self.responded += of_response;
        if let Phase::Open(open) = &mut self.phase {
            if of_response > 0 && self.responded == self.response.len() {
                self.response = Vec::new();
                self.responded = 0;
            }
            if written > 0 {
                self.stream.sealed_from(open.connection.data_position());
                open.connection.transmitted(written - of_response, now);
            }
        }
    }

    /// The socket will be closed at once. With TLS, the peer is told before.
    pub(super) fn take_leave(&mut self, now: Instant) {
        if self.stream.is_secure() {
            self.finish(now);
        }
    }

    /// Everything is sent: ends the output.
    pub(super) fn finish(&mut self, now: Instant) {
        self.stream.finish();
        let _ = self.write_all(now);
    }
}
