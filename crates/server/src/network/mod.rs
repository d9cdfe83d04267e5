//! The network thread's loop.

mod commands;
mod groups;
mod idle;
mod reading;
mod room;
mod stall;
pub(crate) mod thread;
mod timers;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Token};
use slab::Slab;
use stagedoor_protocol::close_code::GOING_AWAY;

use crate::io::clock::Clock;
use crate::io::faults::{Faults, Sums};
use crate::io::socket::Listener;
use crate::peer::{Fate, Peer, Rules};
use crate::queues::event::{Batch, CloseCause};
use crate::queues::ids::ConnectionId;
use crate::queues::inbox::NOBODY;
use crate::queues::outbox::Outbox;
use crate::queues::shared::Shared;
use groups::Groups;
use idle::Idle;
use room::Handshakes;
use timers::Timers;

pub(crate) const WAKER: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);

/// What one read may bring.
const READ_SIZE: usize = 64 * 1024;
/// How much longer a peer gets, each time, whose sign of life may lie in what is not read.
const POSTPONEMENT: Duration = Duration::from_millis(100);

/// Everything that whoever leads works on. It is behind a lock, which is released only for
/// sleeping.
pub(crate) struct Network {
    /// `None` when the loop has ended.
    registry: Option<Registry>,
    listener: Option<Listener>,
    clock: Clock,
    faults: Faults,
    rules: Rules,
    shared: Arc<Shared>,
    peers: Slab<Peer>,
    groups: Groups,
    /// Counts connections.
    sequence: u64,
    /// Slots of peers that may have something to read.
    ready: Vec<usize>,
    /// Slots of peers that are not read now, because too much from them waits for the program. The
    /// one that has waited longest comes first.
    unread: Vec<usize>,
    /// The position of the program at which some of the unread peers may be read.
    resume_at: u64,
    /// Peers that are not read before their time: they have brought more messages than they may.
    early: Timers,
    /// Slots of peers that may have something to write.
    dirty: Vec<usize>,
    timers: Timers,
    /// For how long whoever leads sleeps; `None`: until something comes.
    nap: Option<Duration>,
    /// Accepting goes on at this time.
    accept_again: Option<Instant>,
    /// Everything ends at this time at the latest.
    stop_by: Option<Instant>,
    /// A stall of the game is reported at this time, unless the program does so before.
    report_at: Option<Instant>,
    idle: Idle,
    /// Bytes of incomplete messages.
    buffered: usize,
    /// Peers that `max_connections` limits: all but those that were told to go.
    placed: usize,
    handshakes: Handshakes,
    outbox: Outbox,
    batch: Batch,
    buffer: Box<[u8]>,
}

impl Network {
    pub(crate) fn new(
        poll: &Poll,
        mut listener: Listener,
        faults: Faults,
        rules: Rules,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        listener.register(poll.registry(), LISTENER)?;
        Ok(Self {
            registry: Some(poll.registry().try_clone()?),
            listener: Some(listener),
            clock: Clock::new(faults.clone()),
            faults,
            rules,
            shared,
            peers: Slab::new(),
            groups: Groups::default(),
            sequence: 0,
            ready: Vec::new(),
            unread: Vec::new(),
            resume_at: NOBODY,
            early: Timers::default(),
            dirty: Vec::new(),
            timers: Timers::default(),
            nap: None,
            accept_again: None,
            stop_by: None,
            report_at: None,
            idle: Idle::default(),
            buffered: 0,
            placed: 0,
            handshakes: Handshakes::default(),
            outbox: Outbox::default(),
            batch: Batch::default(),
            buffer: vec![0; READ_SIZE].into_boxed_slice(),
        })
    }

    pub(crate) fn take_turn(&mut self, events: &Events, now: Instant) {
        for event in events {
            match event.token() {
                WAKER => {}
                LISTENER => self.accept(now),
                Token(slot) => {
                    let is_ending = event.is_read_closed() || event.is_error();
                    if event.is_readable() || is_ending {
                        self.mark_ready(slot, is_ending);
                    }
                    if event.is_writable() && self.peers.get(slot).is_some_and(Peer::is_blocked) {
                        self.mark_dirty(slot);
                    }
                }
            }
        }
        self.execute_commands(now);
        self.write_dirty(now);
        self.read_ready(now);
        self.write_dirty(now);
        self.handle_timeouts(now);
        self.end_turn();
        self.idle.note(self.shared.inbox.delivered(), now);
    }

    fn end_turn(&mut self) {
        self.shared.inbox.deliver(&mut self.batch);
        self.faults.end_turn(|| Sums {
            peers: self.peers.len(),
            placed: self.placed,
            buffered: self.buffered,
            members: self.groups.members(),
        });
    }

    /// Between two turns, on the program's thread: executes what the program has just queued.
    pub(crate) fn execute_at_once(&mut self) {
        let now = self.clock.now(self.nap);
        self.execute_commands(now);
        self.write_dirty(now);
        self.end_turn();
    }

    pub(crate) fn is_done(&self) -> bool {
        self.stop_by.is_some() && self.peers.is_empty()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let (timers, early) = (self.timers.next(), self.early.next());
        let deadlines =
            [timers, early, self.accept_again, self.stop_by, self.report_at, self.idle.at()];
        deadlines.into_iter().flatten().min()
    }

    /// Returns how long to wait for sockets or commands: until the next deadline, or at most this
    /// long.
    pub(crate) fn fall_asleep(&mut self, longest: Option<Duration>) -> Option<Duration> {
        let now = self.clock.now(Some(Duration::ZERO));
        let until = self.next_deadline().map(|at| at.saturating_duration_since(now));
        self.nap = [until, longest].into_iter().flatten().min();
        self.shared.is_asleep.store(true, Ordering::SeqCst);
        if self.may_read() || self.shared.has_commands.load(Ordering::SeqCst) {
            self.nap = Some(Duration::ZERO);
        }
        self.nap
    }

    /// The time after the wait.
    pub(crate) fn wake_up(&mut self) -> Instant {
        self.shared.is_asleep.store(false, Ordering::SeqCst);
        self.clock.now(self.nap)
    }

    fn mark_ready(&mut self, slot: usize, is_ending: bool) {
        if let Some(peer) = self.peers.get_mut(slot) {
            peer.is_ending |= is_ending;
            if !std::mem::replace(&mut peer.is_ready, true) {
                self.ready.push(slot);
            }
        }
    }

    fn mark_dirty(&mut self, slot: usize) {
        if let Some(peer) = self.peers.get_mut(slot)
            && !std::mem::replace(&mut peer.is_dirty, true)
        {
            self.dirty.push(slot);
        }
    }

    fn drop_peer(&mut self, slot: usize) {
        if let Some(mut peer) = self.peers.try_remove(slot) {
            self.buffered -= peer.counted;
            self.placed -= usize::from(peer.has_place);
            self.rules.gate.leave(&mut peer.standing);
            for (group, position) in peer.memberships.leave_all() {
                self.forget_member(group, position);
            }
        }
    }

    /// Makes sure that this peer is looked at when its deadline comes.
    fn remind(&mut self, slot: usize) {
        let Some(peer) = self.peers.get_mut(slot) else { return };
        if let Some(deadline) = peer.deadline(&self.rules)
            && peer.reminder.is_none_or(|reminder| deadline < reminder)
        {
            peer.reminder = Some(deadline);
            self.timers.remind(deadline, peer.id());
        }
    }

    fn stop(&mut self, now: Instant) {
        self.listener = None;
        self.accept_again = None;
        self.stop_by = Some(now + self.rules.settings.close_timeout);
        let slots: Vec<usize> = self.peers.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            match self.peers[slot].close(GOING_AWAY, "the server is closing", now) {
                Fate::Keep => {
                    self.look_again(slot);
                    self.mark_dirty(slot);
                }
                Fate::Drop => self.drop_peer(slot),
            }
        }
    }

    /// Ends everything at once.
    fn quit(&mut self, now: Instant) {
        self.listener = None;
        self.stop_by = Some(now);
        for (_, peer) in &mut self.peers {
            let end = (GOING_AWAY, CloseCause::Stopping);
            peer.abort(end, "the server is closing", now, &mut self.batch);
        }
        self.peers.clear();
        self.groups = Groups::default();
    }

    /// After a step of a peer: carries out its fate and updates the sum of incomplete messages.
    fn settle(&mut self, slot: usize, fate: Fate) {
        if fate == Fate::Drop {
            return self.drop_peer(slot);
        }
        let peer = &mut self.peers[slot];
        let buffered = peer.buffered();
        self.buffered = self.buffered - peer.counted + buffered;
        peer.counted = buffered;
        if peer.is_lingering() && std::mem::replace(&mut peer.has_place, false) {
            self.placed -= 1;
            self.rules.gate.leave(&mut peer.standing);
        }
    }

    fn write_dirty(&mut self, now: Instant) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for slot in dirty.drain(..) {
            let Some(peer) = self.peers.get_mut(slot) else { continue };
            if !std::mem::replace(&mut peer.is_dirty, false) {
                continue;
            }
            let mut fate = peer.write(&self.rules, now, &mut self.batch);
            if self.stop_by.is_some() && peer.is_lingering() {
                fate = Fate::Drop;
            }
            self.settle(slot, fate);
            self.remind(slot);
        }
        self.dirty = dirty;
    }

    fn handle_timeouts(&mut self, now: Instant) {
        if self.report_at.is_some_and(|at| at <= now) {
            self.report_stall(now);
        }
        while let Some((asked_for, id)) = self.timers.due(now) {
            let Some(peer) = find(&mut self.peers, id) else { continue };
            if peer.reminder != Some(asked_for) {
                continue; // an earlier reminder took its place
            }
            let may_live = peer.is_ready && peer.may_live(&self.rules, now);
            if may_live && self.is_unread(id.slot(), now) {
                // Its pong may lie in what is not read.
                let later = now + POSTPONEMENT;
                self.peers[id.slot()].reminder = Some(later);
                self.timers.remind(later, id);
                continue;
            }
            let peer = &mut self.peers[id.slot()];
            peer.reminder = None;
            let fate = peer.handle_timeout(&self.rules, now, &mut self.batch);
            self.settle(id.slot(), fate);
            self.look_again(id.slot());
            self.mark_dirty(id.slot());
            self.remind(id.slot());
        }
        self.write_dirty(now);
        if self.idle.at().is_some_and(|at| at <= now) {
            self.idle.begin();
            if let Some(give_back) = self.rules.settings.give_back {
                give_back();
            }
        }
        if self.accept_again.is_some_and(|at| at <= now) {
            self.accept_again = None;
            self.accept(now);
        }
        if self.stop_by.is_some_and(|at| at <= now) {
            self.quit(now);
        }
    }

    /// Closes what is still open. Returns the events that the program has not had yet.
    pub(crate) fn end(&mut self) -> Batch {
        self.listener = None;
        self.peers.clear();
        self.registry = None;
        self.groups = Groups::default();
        self.buffer = Box::default();
        std::mem::take(&mut self.batch)
    }
}

fn find(peers: &mut Slab<Peer>, id: ConnectionId) -> Option<&mut Peer> {
    peers.get_mut(id.slot()).filter(|peer| peer.id() == id)
}
