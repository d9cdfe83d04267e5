//! Noticing that the game does not come to poll, and telling its clients when Python cannot.
//!
//! One thread of the program, the watch, sleeps in [`Server::wait_stalled`]: a look at the
//! attendance twenty times in each threshold, and nothing in the way of who polls but the store that
//! [`Server::attend`] makes. When it has returned, it says so as soon as it has the GIL
//! ([`Server::acknowledge_stall`]). If it has not within [`crate::queues::watch::GIL_PATIENCE`], the game holds the GIL,
//! and the network thread publishes the [`Notice`]s that the program has left here beforehand.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Server;
use crate::queues::ids::GroupId;
use crate::queues::outbox::Command;
use crate::queues::watch::Notice;

/// Looks at the attendance in each threshold.
const LOOKS: u32 = 20;
/// Looks in vain that make a stall: a process that was stopped for a while, and its clock was
/// not, has looked once.
const LOOKS_IN_VAIN: u32 = 16;
/// How often the watch looks whether something came while the game is stalled.
const NAP: Duration = Duration::from_millis(20);

impl Server {
    /// Blocks until the program has not polled for this long (true), or there is nothing to watch
    /// any more (false). Who returns with true is to call [`Server::acknowledge_stall`].
    pub fn wait_stalled(&self, threshold: Duration) -> bool {
        let (watch, inbox) = (&self.shared.watch, &self.shared.inbox);
        let mut in_vain = 0;
        let mut state = watch.lock();
        while !state.is_ended {
            if let Some(thread) = inbox.attendance() {
                state.attended_at = Instant::now();
                state.thread = Some(thread);
                in_vain = 0;
            } else if in_vain >= LOOKS_IN_VAIN && state.attended_at.elapsed() >= threshold {
                drop(state);
                self.ask_for_report();
                return true;
            } else if in_vain >= LOOKS / 2 {
                // An event loop that waits for us is not stalled, if it reacts.
                inbox.nudge();
            }
            in_vain += 1;
            let nap = watch.ended.wait_timeout(state, threshold / LOOKS);
            state = nap.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn ask_for_report(&self) {
        let mut report = self.shared.watch.report();
        if !report.notices.is_empty() {
            report.is_asked = true;
            drop(report);
            self.command(|outbox| outbox.commands.push(Command::Alarm));
        }
    }

    /// The watch has the GIL and speaks for itself. Gives the groups that the network thread has
    /// told meanwhile.
    pub fn acknowledge_stall(&self) -> Vec<GroupId> {
        let mut report = self.shared.watch.report();
        report.is_asked = false;
        std::mem::take(&mut report.told)
    }

    /// Blocks while the game is stalled, until something has come for it, or for this long: `None`.
    /// When the stall is over, gives how long it was, and whether the game polls; else there is
    /// nothing to watch any more.
    pub fn wait_back(&self, timeout: Duration) -> Option<(Duration, bool)> {
        let (watch, inbox) = (&self.shared.watch, &self.shared.inbox);
        let until = Instant::now() + timeout;
        let mut state = watch.lock();
        loop {
            let is_back = inbox.is_attended();
            if is_back || state.is_ended {
                return Some((state.attended_at.elapsed(), is_back));
            }
            let left = until.saturating_duration_since(Instant::now());
            if inbox.pending() || left.is_zero() {
                return None;
            }
            let nap = watch.ended.wait_timeout(state, left.min(NAP));
            state = nap.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// For how long the program has not polled, as far as the watch has noticed.
    pub fn stalled_for(&self) -> Duration {
        self.shared.watch.stalled_for()
    }

    /// Whether the program has polled since the watch last looked.
    pub fn is_attended(&self) -> bool {
        self.shared.inbox.is_attended()
    }

    /// The thread that polled last, as the watch knows; on Windows that is not found out.
    pub fn attendant(&self) -> Option<u64> {
        if cfg!(unix) { self.shared.watch.lock().thread } else { None }
    }

    /// Ends the watch: [`Server::wait_stalled`] and [`Server::wait_back`] return.
    pub fn end_watch(&self) {
        self.shared.watch.end();
    }

    /// What the network thread says of a stall if the watch cannot get the GIL; replaces what was
    /// left before.
    pub fn set_stall_notices(&self, notices: Vec<Notice>) {
        self.shared.watch.report().notices = notices;
    }

    /// How the network thread finds out where the game is; waits until the one before is not in
    /// use.
    #[cfg(unix)]
    pub fn set_dump(&self, dump: Option<crate::io::dump::Dump>) {
        self.shared.watch.set_dump(dump);
    }
}
