//! Who waits for the sockets: the network thread, or a program that has nothing else to do.
//!
//! What the network thread reads must wake a program that waits, and each answer wakes the network
//! thread. A program that only serves spares both: it takes the lead in [`Server::lead`], and takes
//! the network thread's turns, by the same code, on its own thread. While it handles what they brought
//! nobody polls, and it sends its answers itself. The network thread leads again if that takes the
//! program too long, since it had better read meanwhile, and if another thread has something to send.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Server;
use crate::queues::shared::Shared;

/// For so long a program may be away and keep the lead.
const SOON: Duration = Duration::from_millis(1);
/// So often in a row it must have been back so soon, and found nothing, to take the lead.
const TIMES: u32 = 3;
thread_local! {
    /// What this thread has waited for last.
    static WAITED: Cell<Option<Waited>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Waited {
    server: *const Shared,
    /// When it left with what came.
    until: Instant,
    /// How often in a row it was back soon, and found nothing.
    times: u32,
}

impl Server {
    /// Like [`Server::wait`], for a program that has nothing else to do: it may take the network
    /// thread's turns meanwhile, on the calling thread.
    pub fn lead(&self, timeout: Duration) -> bool {
        let (began, server) = (Instant::now(), Arc::as_ptr(&self.shared));
        let is_back_soon =
            |last: &Waited| last.server == server && began.duration_since(last.until) < SOON;
        let times = match WAITED.get().filter(is_back_soon) {
            Some(last) if !self.has_events() => last.times + 1,
            _ => 0,
        };
        let found = if times > TIMES && !self.is_inherited() {
            self.take_turns(began + timeout)
        } else {
            self.shared.lead.recall();
            self.wait(timeout)
        };
        WAITED.set(Some(Waited { server, until: Instant::now(), times }));
        found
    }

    fn take_turns(&self, until: Instant) -> bool {
        let lead = &self.shared.lead;
        if let Some(is_taken) = lead.take() {
            if is_taken {
                self.shared.wake_always();
            }
            if guarded(|| self.poll_until(until)) {
                let found = self.shared.inbox.pending();
                lead.leave(found);
                if self.shared.has_commands.load(Ordering::SeqCst) {
                    lead.recall(); // Somebody has seen us here, and we were about to leave.
                }
                return found;
            }
            lead.give_back();
        }
        self.wait(left(until))
    }

    /// Takes turns until something has come. False: the rest is for the network thread.
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

    /// Spares what the program that leads has sent its way to the network thread. False: that
    /// thread leads, and is to do this.
    pub(crate) fn execute_at_once(&self) -> bool {
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

/// False if it panics: a lock is poisoned then, and the network thread ends by that.
fn guarded(work: impl FnOnce() -> bool) -> bool {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(false)
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
