//! Who waits for the sockets: the network thread, or a program that has nothing else to do.
//!
//! What the network thread reads must wake a program that waits, and each answer wakes the network
//! thread. A program that only serves spares both: it takes the lead in [`Server::lead`], and takes
//! the network thread's turns, by the same code, on its own thread. While it handles what they brought
//! nobody polls, and it sends its answers itself. The network thread leads again if that takes the
//! program too long, since it had better read meanwhile, and if another thread has something to send.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::server::Server;
use crate::shared::Shared;

/// For so long a program may be away and keep the lead.
const SOON: Duration = Duration::from_millis(1);
/// So often in a row it must have been back so soon, and found nothing, to take the lead.
const TIMES: u32 = 3;
/// How often the network thread looks whether a program that is away is back: for twice as long at
/// most nobody polls.
const MOMENT: Duration = Duration::from_millis(5);
/// After so many moments without a change the network thread looks less often.
const MOMENTS: u32 = 10;
/// Which is as often as this.
const DOZE: Duration = Duration::from_millis(50);

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

/// The network thread leads.
const NETWORK: u64 = 0;
/// A program leads.
const PROGRAM: u64 = 1;
/// A program leads, and handles what came: nobody polls.
const AWAY: u64 = 2;
/// Nobody leads any more.
const ENDED: u64 = 3;
/// The rest of the state counts how often a program has been away.
const TIME: u64 = 4;

/// Whose turn it is.
#[derive(Default)]
pub(crate) struct Lead {
    state: AtomicU64,
    /// The network thread looks less often than each moment.
    is_dozing: AtomicBool,
    network_thread: OnceLock<Thread>,
}

impl Lead {
    fn state(&self) -> u64 {
        self.state.load(Ordering::SeqCst)
    }

    fn change(&self, from: u64, to: u64) -> bool {
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn unpark(&self) {
        if let Some(thread) = self.network_thread.get() {
            thread.unpark();
        }
    }

    pub(crate) fn is_with_network(&self) -> bool {
        self.state() % TIME == NETWORK
    }

    fn is_with_program(&self) -> bool {
        self.state() % TIME == PROGRAM
    }

    fn is_away(&self) -> bool {
        self.state() % TIME == AWAY
    }

    /// Program: takes its place. `Some(true)`: the network thread has yet to leave it; `None`:
    /// another program leads, or nobody may.
    fn take(&self) -> Option<bool> {
        let state = self.state();
        let is_free = matches!(state % TIME, NETWORK | AWAY);
        let next = state - state % TIME + PROGRAM;
        (is_free && self.change(state, next)).then_some(state % TIME == NETWORK)
    }

    /// Program: goes away with what came, or, if nothing did, to see whether it is to go on.
    fn leave(&self, has_something: bool) {
        let state = self.state();
        let next = state - state % TIME + AWAY + if has_something { TIME } else { 0 };
        let has_left = state % TIME == PROGRAM && self.change(state, next);
        if has_left && has_something && self.is_dozing.swap(false, Ordering::SeqCst) {
            self.unpark();
        }
    }

    /// The network thread leads from now on: a program cannot.
    fn give_back(&self) {
        self.hand_over(PROGRAM);
    }

    /// The network thread leads from now on, if a program is away.
    pub(crate) fn recall(&self) {
        self.hand_over(AWAY);
    }

    fn hand_over(&self, from: u64) {
        let state = self.state();
        if state % TIME == from && self.change(state, state - from + NETWORK) {
            self.unpark();
        }
    }

    /// Network thread: waits until it leads.
    pub(crate) fn stand_by(&self) {
        self.network_thread.get_or_init(std::thread::current);
        let (mut last, mut looks) = (NETWORK, 0);
        loop {
            let state = self.state();
            if matches!(state % TIME, NETWORK | ENDED) {
                return;
            }
            if state != last {
                (last, looks) = (state, 0);
            } else if state % TIME == AWAY && self.change(state, state - AWAY + NETWORK) {
                return; // It was away a moment ago, and has not been back since.
            }
            looks += 1;
            if looks <= MOMENTS {
                std::thread::park_timeout(MOMENT);
                continue;
            }
            self.is_dozing.store(true, Ordering::SeqCst);
            if self.state() == state {
                std::thread::park_timeout(DOZE);
            }
            self.is_dozing.store(false, Ordering::SeqCst);
        }
    }

    /// Network thread: nobody leads any more.
    pub(crate) fn end(&self) {
        self.state.store(ENDED, Ordering::SeqCst);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_takes_the_lead_goes_away_and_comes_back() {
        let lead = Lead::default();
        assert!(lead.is_with_network());
        assert_eq!(lead.take(), Some(true), "the network thread has yet to leave");
        assert_eq!(lead.take(), None, "somebody else leads");
        for has_something in [true, false] {
            assert!(lead.is_with_program());
            lead.leave(has_something);
            assert!(lead.is_away());
            assert_eq!(lead.take(), Some(false));
        }
        lead.give_back();
        assert!(lead.is_with_network());
    }

    #[test]
    fn it_is_called_back_only_while_it_is_away() {
        let lead = Lead::default();
        lead.take();
        lead.recall();
        assert!(lead.is_with_program());
        lead.leave(true);
        lead.give_back();
        assert!(lead.is_away());
        lead.recall();
        for lead in [lead, Lead::default()] {
            assert!(lead.is_with_network());
            lead.leave(true);
            assert!(lead.is_with_network(), "it had no lead to leave");
        }
    }

    #[test]
    fn the_network_thread_leads_when_the_program_is_not_back() {
        let lead = Lead::default();
        lead.take();
        lead.leave(true);
        lead.stand_by();
        assert!(lead.is_with_network());
    }

    #[test]
    fn nobody_leads_after_the_end() {
        let lead = Lead::default();
        lead.take();
        lead.end();
        lead.leave(true);
        lead.give_back();
        lead.recall();
        lead.stand_by();
        assert_eq!(lead.take(), None);
        assert!(!lead.is_with_network() && !lead.is_with_program() && !lead.is_away());
    }
}
