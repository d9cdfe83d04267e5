//! A peer whose opening handshake is done.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use stagedoor_protocol::close_code::ABNORMAL;
use stagedoor_protocol::{Connection, Event as Incoming, Frame, Kind, Payload, State};

use super::allowance::Allowance;
use super::mark;
use super::memberships::Memberships;
use crate::queues::event::{Batch, CloseCause, Closed, Event, Publication};
use crate::queues::ids::{ConnectionId, GroupId};
use crate::queues::outbox::{Account, SendError, frame_size};

/// What waited for the peer to take data is queued in portions of about this size, so that answers
/// that come meanwhile wait for no more than one portion.
const PORTION: usize = 64 * 1024;

/// A WebSocket connection with what its program wants to know of it.
pub(crate) struct Open {
    pub(crate) connection: Connection,
    account: Arc<Account>,
    allowance: Option<Allowance>,
    /// Positions in the outgoing data whose arrival at the kernel is to be reported.
    receipts: VecDeque<u64>,
    /// The peer's close code and reason, or those of its error.
    close: Option<(u16, String)>,
    /// What the peer did wrong.
    error: Option<String>,
    /// When a client without a token is closed, unless the program authenticates it.
    authenticate_by: Option<Instant>,
    /// A broadcast did not fit, and that has been reported.
    overflowed: bool,
    /// What it says that it has read: the marks of messages, with their groups.
    read: Vec<(GroupId, u64)>,
}

impl Open {
    pub(crate) fn new(
        connection: Connection,
        account: Arc<Account>,
        allowance: Option<Allowance>,
    ) -> Self {
        Self {
            connection,
            account,
            allowance,
            receipts: VecDeque::new(),
            close: None,
            error: None,
            authenticate_by: None,
            overflowed: false,
            read: Vec::new(),
        }
    }

    /// Allows small messages only until the program authenticates it, and closes it if that does
    /// not happen in time.
    pub(crate) fn restrict(&mut self, max_message_size: usize, authenticate_by: Instant) {
        self.connection.set_max_message_size(max_message_size);
        self.authenticate_by = Some(authenticate_by);
    }

    pub(crate) fn lift_restrictions(&mut self, max_message_size: usize) {
        if self.authenticate_by.take().is_some() {
            self.connection.set_max_message_size(max_message_size);
        }
    }

    /// It was not authenticated in time.
    pub(crate) fn is_unauthenticated_at(&self, now: Instant) -> bool {
        self.connection.state() == State::Open && self.authenticate_by.is_some_and(|by| now >= by)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let authenticate_by =
            self.authenticate_by.filter(|_| self.connection.state() == State::Open);
        [self.connection.deadline(), authenticate_by].into_iter().flatten().min()
    }

    pub(crate) fn receive(
        &mut self,
        id: ConnectionId,
        bytes: &mut [u8],
        now: Instant,
        batch: &mut Batch,
    ) {
        let mut messages = 0;
        let incoming = self.connection.receive(bytes, now);
        for event in incoming {
            match event {
                Incoming::Message { kind, payload: Payload::Borrowed(payload) } => {
                    messages += 1;
                    batch.message(id, kind, payload);
                }
                Incoming::Message { kind, payload: Payload::Owned(payload) } => {
                    messages += 1;
                    batch.push(Event::LargeMessage(id, kind, payload));
                }
                Incoming::Pong { payload } => self.read.extend(mark::from_ping(&payload)),
                Incoming::Closed { code, reason } => {
                    self.account.close();
                    self.close = Some((code, reason));
                }
                Incoming::Failed(error) => {
                    self.account.close();
                    self.close = Some((error.code(), error.to_string()));
                    let text = format!("the peer broke the protocol: {error}");
                    batch.failed(id, &text);
                    self.error = Some(text);
                }
            }
        }
        if let Some(allowance) = &mut self.allowance {
            allowance.spend(messages, now);
        }
    }

    /// Takes the marks of what it has read.
    pub(crate) fn take_read(&mut self) -> Vec<(GroupId, u64)> {
        std::mem::take(&mut self.read)
    }

    /// When it may be read, if not now: it has brought more messages than it may.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Instant> {
        let allowance = self.allowance.as_mut()?;
        allowance.spend(self.account.take_messages(), now);
        // What follows our close frame is the peer's, which ends it all.
        allowance.due(now).filter(|_| self.connection.state() == State::Open)
    }

    /// How much of what it brought the program has handled.
    pub(crate) fn handled(&self) -> u64 {
        self.account.handled()
    }

    /// The most bytes to read at a time.
    pub(crate) fn read_size(&self) -> usize {
        self.allowance.as_ref().map_or(usize::MAX, Allowance::read_size)
    }

    /// The kernel has the data up to this position; `None`: all that was written.
    pub(crate) fn report_written(
        &mut self,
        settled: Option<u64>,
        id: ConnectionId,
        batch: &mut Batch,
    ) {
        let position = settled.unwrap_or_else(|| self.connection.data_position());
        self.account.written(position);
        let mut count = 0;
        while self.receipts.front().is_some_and(|receipt| *receipt <= position) {
            self.receipts.pop_front();
            count += 1;
        }
        if count > 0 {
            batch.push(Event::Sent(id, count));
        }
    }

    /// The peer's own error says more than how the socket ended after it.
    pub(crate) fn report_closed(
        &mut self,
        id: ConnectionId,
        error: Option<(CloseCause, String)>,
        batch: &mut Batch,
    ) {
        self.account.close();
        let (code, reason) = self.close.take().unwrap_or((ABNORMAL, String::new()));
        let error = self.error.take().map(|text| (CloseCause::Violation, text)).or(error);
        let (cause, error) = match error {
            Some((cause, text)) => (cause, Some(text)),
            None => (CloseCause::Clean, None),
        };
        batch.push(Event::Closed(id, Box::new(Closed { code, reason, cause, error })));
    }

    pub(crate) fn send(&mut self, kind: Kind, payload: &[u8], receipt: bool) {
        self.queue(payload.len(), receipt, |connection| connection.send(kind, payload));
    }

    pub(crate) fn send_frame(&mut self, frame: Frame, receipt: bool) {
        let size = frame.payload().len();
        self.queue(size, receipt, |connection| connection.send_frame(frame));
    }

    fn queue(&mut self, size: usize, receipt: bool, send: impl FnOnce(&mut Connection) -> u64) {
        if self.connection.state() == State::Open {
            let begin = self.connection.data_end();
            let position = send(&mut self.connection);
            self.account.correct(frame_size(size), position - begin);
            if receipt {
                self.receipts.push_back(position);
            }
        }
    }

    pub(crate) fn send_encoded(
        &mut self,
        id: ConnectionId,
        frame: &Arc<[u8]>,
        limit: u64,
        batch: &mut Batch,
    ) {
        if self.connection.state() != State::Open {
            return;
        }
        if self.push(frame, limit).is_ok() {
            self.overflowed = false;
        } else if !std::mem::replace(&mut self.overflowed, true) {
            batch.failed(id, "the send queue is full: a broadcast did not reach this connection");
        }
    }

    /// One message of a group. A droppable one that cannot go out now is kept in place of an
    /// older one; any other goes out like a send, and is lost if the queue is full.
    pub(crate) fn publish(
        &mut self,
        group: GroupId,
        publication: &Publication,
        takes_data: bool,
        limit: u64,
        memberships: &mut Memberships,
    ) {
        if self.connection.state() != State::Open {
            return;
        }
        if memberships.must_hold(group, publication) {
            memberships.hold(group, publication);
            return;
        }
        if publication.droppable {
            let may_go = takes_data && !memberships.has_waiting() && !memberships.has_kept(group);
            if !may_go || self.push(&publication.frame, limit).is_err() {
                memberships.keep(group, publication);
            } else {
                memberships.sent(group, publication.mark);
            }
            return;
        }
        // Within a group the order stands: what is kept goes first.
        for next in memberships.take_kept(group).iter().chain([publication]) {
            if self.push(&next.frame, limit).is_err() {
                memberships.lose(group, next.number);
            }
        }
    }

    /// Queues some of what is kept, and tells what was lost before it. False: nothing was queued.
    pub(crate) fn catch_up(
        &mut self,
        id: ConnectionId,
        limit: u64,
        memberships: &mut Memberships,
        batch: &mut Batch,
    ) -> bool {
        let mut queued = 0;
        while self.connection.state() == State::Open
            && queued < PORTION
            && let Some(kept) = memberships.first()
        {
            if let Some(kept) = kept {
                if self.push(&kept.frame, limit).is_err() {
                    break;
                }
                queued += kept.frame.len();
            }
            if let Some(dropped) = memberships.pop() {
                batch.push(Event::Dropped(id, dropped));
            }
        }
        queued > 0
    }

    fn push(&mut self, frame: &Arc<[u8]>, limit: u64) -> Result<(), SendError> {
        self.account.charge(frame.len() as u64, limit)?;
        self.connection.send_encoded(frame);
        Ok(())
    }

    pub(crate) fn close(&mut self, code: u16, reason: &str, now: Instant) {
        self.account.close();
        self.connection.close(code, reason, now);
    }
}
