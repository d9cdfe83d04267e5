//! The time by which the network thread measures.

use std::time::{Duration, Instant};

use super::faults::Faults;

/// A thread that wakes later than it meant to, by more than this, was kept from running.
const HICCUP: Duration = Duration::from_millis(250);

/// A clock that stands still while the process does.
///
/// A process that was stopped for an hour, by a debugger or with its machine, would find every
/// deadline passed when it goes on, although its peers had no chance to keep them. So when more
/// time than was meant lies between two readings, it counts as no more than a hiccup.
pub(crate) struct Clock {
    /// What the system's clock said at the last reading.
    read: Instant,
    /// The time then.
    now: Instant,
    faults: Faults,
}

impl Clock {
    pub(crate) fn new(faults: Faults) -> Self {
        let now = Instant::now();
        Self { read: now, now, faults }
    }

    /// The time now. `meant`: at most this much was meant to pass since the last reading; `None`:
    /// any time was.
    pub(crate) fn now(&mut self, meant: Option<Duration>) -> Instant {
        self.advance(Instant::now() + self.faults.jumped(), meant)
    }

    fn advance(&mut self, system: Instant, meant: Option<Duration>) -> Instant {
        let passed = system.saturating_duration_since(self.read);
        self.read = self.read.max(system);
        let is_late = meant.is_some_and(|meant| passed > meant.saturating_add(HICCUP));
        self.now += if is_late { HICCUP } else { passed };
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_to_pass_counts_and_so_does_everything_when_nothing_had_a_deadline() {
        let mut clock = Clock::new(Faults::default());
        let start = clock.read;
        let second = Duration::from_secs(1);
        for (at, meant) in [(10, Some(10 * second)), (15, None), (15, None), (16, Some(second))] {
            assert_eq!(clock.advance(start + at * second, meant), start + at * second);
        }
        let late = start + 16 * second + HICCUP;
        assert_eq!(clock.advance(late, Some(Duration::ZERO)), late);
        assert_eq!(clock.advance(late, Some(Duration::MAX)), late);
    }

    #[test]
    fn a_jump_counts_as_a_hiccup_and_time_goes_on_from_there() {
        let mut clock = Clock::new(Faults::default());
        let start = clock.read;
        let hour = Duration::from_secs(3600);
        let after = clock.advance(start + hour, Some(Duration::from_secs(19)));
        assert_eq!(after, start + HICCUP);
        let step = Duration::from_millis(100);
        assert_eq!(clock.advance(start + hour + step, Some(Duration::ZERO)), after + step);
        assert_eq!(clock.advance(start, Some(Duration::ZERO)), after + step, "and never back");
    }
}
