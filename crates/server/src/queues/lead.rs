//! Whose turn it is: the network thread's, or that of a program that has nothing else to do.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

/// How often the network thread looks whether a program that is away is back: for twice as long at
/// most nobody polls.
const MOMENT: Duration = Duration::from_millis(5);
/// After so many moments without a change the network thread looks less often.
const MOMENTS: u32 = 10;
/// Which is as often as this.
const DOZE: Duration = Duration::from_millis(50);

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

    pub(crate) fn is_with_program(&self) -> bool {
        self.state() % TIME == PROGRAM
    }

    pub(crate) fn is_away(&self) -> bool {
        self.state() % TIME == AWAY
    }

    /// Program: takes its place. `Some(true)`: the network thread has yet to leave it; `None`:
    /// another program leads, or nobody may.
    pub(crate) fn take(&self) -> Option<bool> {
        let state = self.state();
        let is_free = matches!(state % TIME, NETWORK | AWAY);
        let next = state - state % TIME + PROGRAM;
        (is_free && self.change(state, next)).then_some(state % TIME == NETWORK)
    }

    /// Program: goes away with what came, or, if nothing did, to see whether it is to go on.
    pub(crate) fn leave(&self, has_something: bool) {
        let state = self.state();
        let next = state - state % TIME + AWAY + if has_something { TIME } else { 0 };
        let has_left = state % TIME == PROGRAM && self.change(state, next);
        if has_left && has_something && self.is_dozing.swap(false, Ordering::SeqCst) {
            self.unpark();
        }
    }

    /// The network thread leads from now on: a program cannot.
    pub(crate) fn give_back(&self) {
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
