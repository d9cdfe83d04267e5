//! Who takes the turns of the network's loop: the network thread, or a program that has nothing
//! else to do.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

/// How often the network thread looks whether a program that is away has come back. Nobody polls
/// for at most twice as long.
const MOMENT: Duration = Duration::from_millis(5);
/// After this many looks without a change the network thread looks less often.
const MOMENTS: u32 = 10;
/// How often it looks then.
const DOZE: Duration = Duration::from_millis(50);

/// Who takes the turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leader {
    Network,
    Program,
    /// A program that is handling what came: nobody polls.
    Away,
    /// The server has ended.
    Nobody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    leader: Leader,
    /// How often a program has gone away with something. It tells an absence from the next one.
    absences: u64,
}

impl State {
    const LEADER_BITS: u32 = 2;

    fn pack(self) -> u64 {
        self.absences << Self::LEADER_BITS | self.leader as u64
    }

    fn unpack(word: u64) -> Self {
        let leader = match word % (1 << Self::LEADER_BITS) {
            0 => Leader::Network,
            1 => Leader::Program,
            2 => Leader::Away,
            _ => Leader::Nobody,
        };
        Self { leader, absences: word >> Self::LEADER_BITS }
    }
}

/// Who leads, for the network thread and the program to change.
#[derive(Default)]
pub(crate) struct Lead {
    /// A packed [`State`].
    state: AtomicU64,
    /// The network thread looks less often than each moment.
    is_dozing: AtomicBool,
    network_thread: OnceLock<Thread>,
}

impl Lead {
    fn state(&self) -> State {
        State::unpack(self.state.load(Ordering::SeqCst))
    }

    /// False: the state is no longer this one, and stays as it is.
    fn change(&self, from: State, to: State) -> bool {
        let (from, to) = (from.pack(), to.pack());
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn unpark(&self) {
        if let Some(thread) = self.network_thread.get() {
            thread.unpark();
        }
    }

    pub(crate) fn is_with_network(&self) -> bool {
        self.state().leader == Leader::Network
    }

    pub(crate) fn is_with_program(&self) -> bool {
        self.state().leader == Leader::Program
    }

    pub(crate) fn is_away(&self) -> bool {
        self.state().leader == Leader::Away
    }

    /// Program: takes the lead. `Some(true)`: the network thread must still be woken to leave its
    /// place. `None`: another program leads, or the server has ended.
    pub(crate) fn take(&self) -> Option<bool> {
        let state = self.state();
        let is_free = matches!(state.leader, Leader::Network | Leader::Away);
        let has_taken = is_free && self.change(state, State { leader: Leader::Program, ..state });
        has_taken.then_some(state.leader == Leader::Network)
    }

    /// Program: goes away, with what came or, if nothing did, to see whether it should go on.
    pub(crate) fn leave(&self, has_something: bool) {
        let state = self.state();
        let absences = state.absences + u64::from(has_something);
        let has_left = state.leader == Leader::Program
            && self.change(state, State { leader: Leader::Away, absences });
        if has_left && has_something && self.is_dozing.swap(false, Ordering::SeqCst) {
            self.unpark();
        }
    }

    /// Program: hands the lead to the network thread, because it cannot lead.
    pub(crate) fn give_back(&self) {
        self.hand_over(Leader::Program);
    }

    /// Hands the lead to the network thread, if the program that had it is away.
    pub(crate) fn recall(&self) {
        self.hand_over(Leader::Away);
    }

    fn hand_over(&self, from: Leader) {
        let state = self.state();
        if state.leader == from && self.change(state, State { leader: Leader::Network, ..state }) {
            self.unpark();
        }
    }

    /// Network thread: waits until it leads, or until the server has ended.
    pub(crate) fn stand_by(&self) {
        self.network_thread.get_or_init(std::thread::current);
        let (mut last, mut looks) = (None, 0);
        loop {
            let state = self.state();
            if matches!(state.leader, Leader::Network | Leader::Nobody) {
                return;
            }
            if last != Some(state) {
                (last, looks) = (Some(state), 0);
            } else if state.leader == Leader::Away
                && self.change(state, State { leader: Leader::Network, ..state })
            {
                return; // The program was away a moment ago, and has not been back since.
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

    /// Network thread: the server has ended.
    pub(crate) fn end(&self) {
        self.state.store(State { leader: Leader::Nobody, absences: 0 }.pack(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_word_and_back() {
        for leader in [Leader::Network, Leader::Program, Leader::Away, Leader::Nobody] {
            for absences in [0, 1, u64::MAX >> State::LEADER_BITS] {
                let state = State { leader, absences };
                assert_eq!(State::unpack(state.pack()), state);
            }
        }
        assert!(Lead::default().is_with_network(), "as all bits 0 say");
    }

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
