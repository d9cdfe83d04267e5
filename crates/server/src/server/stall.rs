//! Noticing that the game no longer polls, and telling its clients when Python cannot.
//!
//! One thread of the program, the watch, sleeps in [`Server::wait_stalled`], and looks twenty times
//! in each threshold whether the program has polled. A polling thread pays for that with one store,
//! in [`Server::attend`]. When the wait returns, the watch calls [`Server::acknowledge_stall`] as
//! soon as it has the GIL. If it has not done so within [`GIL_PATIENCE`], the game holds the GIL,
//! and the network thread publishes the [`Notice`]s that the program has left for this case. As
//! long as that lasts, it also says so to each client in the payload of pings, which any client
//! answers and most ignore: a client that has come meanwhile can have it from nobody else.
//!
//! [`GIL_PATIENCE`]: crate::queues::watch::GIL_PATIENCE

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Server;
use crate::queues::ids::GroupId;
use crate::queues::outbox::Command;
use crate::queues::watch::{FrameCounter, Notice};

/// Looks at the attendance in each threshold.
const LOOKS: u32 = 20;
/// Looks in vain that make a stall. Time alone is not enough: a process that was stopped for a
/// while has looked only once since.
const LOOKS_IN_VAIN: u32 = 16;
/// How often the watch looks whether something came while the game is stalled.
const NAP: Duration = Duration::from_millis(20);

impl Server {
    /// Blocks until the program has not polled for this long (true), or there is nothing to watch
    /// any more (false). After true, the caller must call [`Server::acknowledge_stall`].
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
                // An event loop that waits for a byte is not stalled, if it reacts to one.
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
        report.is_asked = true;
        report.is_told = false;
        report.place = None;
        drop(report);
        self.command(|outbox| outbox.commands.push(Command::Alarm));
    }

    /// The watch has the GIL and can tell of the stall itself. Returns the groups that the network
    /// thread has told meanwhile.
    pub fn acknowledge_stall(&self) -> Vec<GroupId> {
        let mut report = self.shared.watch.report();
        report.is_asked = false;
        report.is_told = false;
        std::mem::take(&mut report.told)
    }

    /// Blocks while the game is stalled. `None`: something has come for the game, or the time is
    /// up. Otherwise the stall is over: how long it was, and whether the game polls again; if it
    /// does not, there is nothing to watch any more.
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

    /// The thread that polled last, as far as the watch has seen. Always `None` on Windows.
    pub fn attendant(&self) -> Option<u64> {
        if cfg!(unix) { self.shared.watch.lock().thread } else { None }
    }

    /// Ends the watch: [`Server::wait_stalled`] and [`Server::wait_back`] return.
    pub fn end_watch(&self) {
        self.shared.watch.end();
    }

    /// Sets what the network thread says of a stall if the watch cannot get the GIL, in place of
    /// what was set before. `frame` says which frame the game is in then.
    pub fn set_stall_notices(&self, notices: Vec<Notice>, frame: FrameCounter) {
        let mut report = self.shared.watch.report();
        report.notices = notices;
        report.frame = Some(frame);
    }

    /// Sets how the network thread finds out where the game is. Blocks until the previous dump is
    /// no longer in use.
    #[cfg(unix)]
    pub fn set_dump(&self, dump: Option<crate::io::dump::Dump>) {
        self.shared.watch.set_dump(dump);
    }
}
