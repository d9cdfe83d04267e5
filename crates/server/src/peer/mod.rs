//! One connected socket, from accept to the end.

mod admit;
mod allowance;
pub(crate) mod mark;
mod memberships;
mod open;
mod publish;
mod reading;
mod writing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use stagedoor_protocol::{Compression, Config, Frame, HeadReader, Kind, State, Timeout};

use crate::gate::admission::Admission;
use crate::gate::close_code::NOT_AUTHENTICATED;
use crate::gate::refusals::Refusals;
use crate::gate::token_gate::{Standing, TokenGate};
use crate::io::stream::Stream;
use crate::queues::event::{Batch, CloseCause};
use crate::queues::ids::ConnectionId;
use crate::settings::Settings;
use memberships::Memberships;
use open::Open;

/// The parts of the network thread that a peer looks at.
pub(crate) struct Rules {
    pub(crate) settings: Settings,
    pub(crate) admission: Admission,
    pub(crate) protocol: Config,
    /// With what to answer offers of permessage-deflate, if at all.
    pub(crate) compression: Option<Arc<Compression>>,
    pub(crate) gate: TokenGate,
    pub(crate) refusals: Refusals,
}

/// What becomes of a peer after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Fate {
    /// It stays.
    Keep,
    /// Its socket is to be closed.
    Drop,
}

/// One connected socket.
///
/// The network thread calls [`Peer::read`] while there is something to read, [`Peer::write`]
/// after anything that may have queued output, and [`Peer::handle_timeout`] at
/// [`Peer::deadline`]. Every event of a WebSocket connection goes into the batch, `Opened` first
/// and `Closed` last, exactly once each.
#[expect(clippy::struct_excessive_bools, reason = "marks of the network thread's lists")]
pub(crate) struct Peer {
    stream: Stream,
    address: SocketAddr,
    id: ConnectionId,
    phase: Phase,
    /// An HTTP response, written before anything else.
    response: Vec<u8>,
    /// How much of it is written.
    responded: usize,
    /// Since when the socket has refused output.
    blocked_since: Option<Instant>,
    pub(crate) standing: Standing,
    /// The groups that it is in.
    pub(crate) memberships: Memberships,
    /// The earliest reminder asked for and not yet come.
    pub(crate) reminder: Option<Instant>,
    /// The weight of all that was read from it.
    pub(crate) brought: u64,
    /// What it adds to the network thread's sum of incomplete messages, in bytes.
    pub(crate) counted: usize,
    /// The poll has reported the end of its input, and will not report it again.
    pub(crate) is_ending: bool,
    /// It is one of those that `max_connections` limits.
    pub(crate) has_place: bool,
    /// It is in the network thread's list of peers to read.
    pub(crate) is_ready: bool,
    /// It is in the network thread's list of peers that are not due.
    pub(crate) is_early: bool,
    /// It is in the network thread's list of peers to write.
    pub(crate) is_dirty: bool,
}

enum Phase {
    /// The request head is coming in.
    Handshake { reader: HeadReader, deadline: Instant },
    /// It has shown a wrong token, and gets this HTTP response after a while.
    Waiting { until: Instant, response: Vec<u8> },
    /// A WebSocket connection.
    Open(Box<Open>),
    /// Everything is sent. What still comes in is discarded until the peer closes its side, so that
    /// the kernel does not answer it with a reset, which would cut off our last words.
    Lingering { deadline: Instant },
}

impl Peer {
    pub(crate) fn new(
        stream: Stream,
        address: SocketAddr,
        id: ConnectionId,
        rules: &Rules,
        now: Instant,
    ) -> Self {
        let deadline = now + rules.settings.handshake_timeout;
        Self {
            stream,
            address,
            id,
            phase: Phase::Handshake { reader: HeadReader::new(rules.settings.head), deadline },
            response: Vec::new(),
            responded: 0,
            blocked_since: None,
            standing: Standing::default(),
            memberships: Memberships::default(),
            reminder: None,
            brought: 0,
            counted: 0,
            is_ending: false,
            has_place: true,
            is_ready: false,
            is_early: false,
            is_dirty: false,
        }
    }

    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Bytes of an incomplete message.
    pub(crate) fn buffered(&self) -> usize {
        if let Phase::Open(open) = &self.phase { open.connection.buffered() } else { 0 }
    }

    /// When it may be read; `None`: now, as far as the number of its messages goes.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Instant> {
        if let Phase::Open(open) = &mut self.phase { open.due(now) } else { None }
    }

    /// The weight of what was read from it and waits for the program.
    pub(crate) fn waiting(&self) -> u64 {
        match &self.phase {
            Phase::Open(open) => self.brought.saturating_sub(open.handled()),
            Phase::Handshake { .. } | Phase::Waiting { .. } | Phase::Lingering { .. } => 0,
        }
    }

    /// The socket takes no output for now.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked_since.is_some()
    }

    /// Its request has not arrived in full.
    pub(crate) fn is_handshaking(&self) -> bool {
        matches!(self.phase, Phase::Handshake { .. })
    }

    pub(crate) fn is_lingering(&self) -> bool {
        matches!(self.phase, Phase::Lingering { .. })
    }

    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8], receipt: bool) {
        if let Phase::Open(open) = &mut self.phase {
            open.send(kind, payload, receipt);
        }
    }

    pub(crate) fn send_frame(&mut self, frame: Frame, receipt: bool) {
        if let Phase::Open(open) = &mut self.phase {
            open.send_frame(frame, receipt);
        }
    }

    /// Pings an open connection that has shown who it is, if it must; returns whether there is
    /// something to write. The payload is at most 125 bytes.
    pub(crate) fn ping(&mut self, payload: &[u8]) -> bool {
        if self.standing == Standing::Unauthenticated || self.is_blocked() {
            return false;
        }
        let Phase::Open(open) = &mut self.phase else { return false };
        open.connection.ping(payload);
        true
    }

    /// A frame that goes to every open connection.
    pub(crate) fn send_encoded(&mut self, frame: &Arc<[u8]>, rules: &Rules, batch: &mut Batch) {
        if let Phase::Open(open) = &mut self.phase {
            open.send_encoded(self.id, frame, rules.settings.max_send_queue as u64, batch);
        }
    }

    /// Starts the closing handshake; a peer that is not a WebSocket yet is dropped.
    pub(crate) fn close(&mut self, code: u16, reason: &str, now: Instant) -> Fate {
        match &mut self.phase {
            Phase::Open(open) => {
                open.close(code, reason, now);
                Fate::Keep
            }
            Phase::Handshake { .. } | Phase::Waiting { .. } | Phase::Lingering { .. } => Fate::Drop,
        }
    }

    /// Ends the connection at once, with a close frame as far as the socket takes it.
    pub(crate) fn abort(
        &mut self,
        (code, cause): (u16, CloseCause),
        reason: &str,
        now: Instant,
        batch: &mut Batch,
    ) {
        let _ = self.close(code, reason, now);
        let _ = self.write_all(now);
        self.take_leave(now);
        if let Phase::Open(open) = &mut self.phase {
            batch.failed(self.id, reason);
            open.report_closed(self.id, Some((cause, reason.to_owned())), batch);
        }
    }

    /// Like [`Peer::abort`], but what the peer goes on sending is discarded for a while. Otherwise
    /// the kernel would answer it with a reset, and the close frame would be lost.
    pub(crate) fn turn_away(
        &mut self,
        end: (u16, CloseCause),
        reason: &str,
        rules: &Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        self.abort(end, reason, now, batch);
        let fate = self.linger(rules, now);
        if !self.stream.is_secure() {
            self.finish(now); // with TLS, `abort` has done so
        }
        fate
    }

    /// When [`Peer::handle_timeout`] wants to be called.
    pub(crate) fn deadline(&self, rules: &Rules) -> Option<Instant> {
        let blocked = self.blocked_since.map(|since| since + rules.settings.write_timeout);
        let phase = match &self.phase {
            Phase::Handshake { deadline, .. } | Phase::Lingering { deadline } => Some(*deadline),
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Open(open) => open.deadline(),
        };
        [blocked, phase].into_iter().flatten().min()
    }

    /// Whether only a sign of life is overdue, which may lie in what was not read.
    pub(crate) fn may_live(&self, rules: &Rules, now: Instant) -> bool {
        if self.blocked_since.is_some_and(|since| now >= since + rules.settings.write_timeout) {
            return false;
        }
        match &self.phase {
            Phase::Handshake { .. } => true,
            Phase::Open(open) => {
                open.connection.state() == State::Open && !open.is_unauthenticated_at(now)
            }
            Phase::Waiting { .. } | Phase::Lingering { .. } => false,
        }
    }

    pub(crate) fn handle_timeout(
        &mut self,
        rules: &Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        let timed_out = |since: Instant| now >= since + rules.settings.write_timeout;
        let write_timed_out = self.blocked_since.is_some_and(timed_out);
        match &mut self.phase {
            Phase::Handshake { deadline, .. } | Phase::Lingering { deadline } => {
                if now >= *deadline { Fate::Drop } else { Fate::Keep }
            }
            Phase::Waiting { until, .. } if now < *until => Fate::Keep,
            Phase::Waiting { response, .. } => {
                self.response = std::mem::take(response);
                self.linger(rules, now)
            }
            Phase::Open(open) => {
                if open.is_unauthenticated_at(now) {
                    open.close(NOT_AUTHENTICATED, "not authenticated in time", now);
                    return Fate::Keep;
                }
                let reason = if write_timed_out {
                    "the peer took no data for too long"
                } else {
                    match open.connection.handle_timeout(now) {
                        None => return Fate::Keep,
                        Some(Timeout::Ping) => "the peer did not answer a ping in time",
                        Some(Timeout::Close) => "the peer did not answer our close frame in time",
                    }
                };
                open.report_closed(self.id, Some((CloseCause::TimedOut, reason.to_owned())), batch);
                Fate::Drop
            }
        }
    }
}
