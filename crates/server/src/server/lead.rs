//! A program that has nothing else to do takes the turns of the network's loop itself.
//!
//! Whatever the network thread reads must wake a program that waits, and each answer wakes the
//! network thread. A program that only serves spares both: in [`Server::lead`] it takes the lead,
//! and runs the turns of the loop on its own thread, by the same code. While it handles what they
//! brought, nobody polls, and it sends its answers itself. The network thread takes the lead back
//! if that handling takes too long, because it should read meanwhile, and if another thread has
//! something to send.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Server;
use crate::queues::shared::Shared;

/// A return within this time is quick.
const SOON: Duration = Duration::from_millis(1);
/// Quick, empty returns in a row that it takes to lead.
const QUICK_RETURNS: u32 = 4;

thread_local! {
    /// This thread's last wait.
    static WAITED: Cell<Option<Waited>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Waited {
    server: *const Shared,
    /// When the wait ended.
    until: Instant,
    /// How many quick, empty returns in a row there were by then.
    quick_returns: u32,
}

impl Server {
    /// Like [`Server::wait`], for a program that has nothing else to do: meanwhile the calling
    /// thread may run the network's loop.
    pub fn lead(&self, timeout: Duration) -> bool {
        let (began, server) = (Instant::now(), Arc::as_ptr(&self.shared));
        let is_quick =
            |last: &Waited| last.server == server && began.duration_since(last.until) < SOON;
        let quick_returns = match WAITED.get().filter(is_quick) {
            Some(last) if !self.has_events() => last.quick_returns + 1,
            _ => 0,
        };
        let found = if quick_returns >= QUICK_RETURNS && !self.is_inherited() {
            self.take_turns(began + timeout)
        } else {
            self.shared.lead.recall();
            self.wait(timeout)
        };
        WAITED.set(Some(Waited { server, until: Instant::now(), quick_returns }));
        found
    }

    fn take_turns(&self, until: Instant) -> bool {
        let lead = &self.shared.lead;
        if let Some(is_network_there) = lead.take() {
            if is_network_there {
                self.shared.wake_always();
            }
            if guarded(|| self.poll_until(until)) {
                let found = self.shared.inbox.pending();
                lead.leave(found);
                if self.shared.has_commands.load(Ordering::SeqCst) {
                    // Another thread queued it while we were about to leave, and woke nobody.
                    lead.recall();
                }
                return found;
            }
            lead.give_back();
        }
        self.wait(left(until))
    }

    /// Runs the loop until something has come. False: the network thread must go on.
    fn poll_until(&self, until: Instant) -> bool {
        let Ok(mut reactor) = self.reactor.lock() else { return false };
        while !self.shared.inbox.pending() && !left(until).is_zero() {
            let may_lead = self.shared.lead.is_with_program();
            if !may_lead || !matches!(reactor.take_turn(&self.network, Some(left(until))), Ok(true))
            {
                return false;
            }
        }
        true
    }

    /// Executes what was queued, if this thread is the program that leads. False: it is not, and
    /// the network thread must be woken.
    pub(super) fn execute_at_once(&self) -> bool {
        let server = Arc::as_ptr(&self.shared);
        let leads = self.shared.lead.is_away()
            && WAITED.get().is_some_and(|last| last.server == server)
            && !self.is_inherited();
        leads
            && guarded(|| {
                let network = self.network.try_lock();
                network.map(|mut network| network.execute_at_once()).is_ok()
            })
    }
}

/// False if it panics. A lock is poisoned then, which ends the network thread, too.
fn guarded(work: impl FnOnce() -> bool) -> bool {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(false)
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
