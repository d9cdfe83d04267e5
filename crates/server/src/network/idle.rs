//! When there is nothing to do any more, after much.

use std::time::{Duration, Instant};

/// Without a message for so long, the network is idle.
const PAUSE: Duration = Duration::from_secs(1);
/// After fewer bytes than this, there is nothing to tidy up.
const MUCH: u64 = 4 << 20;

/// Finds out when the network goes idle after it was busy.
///
/// Call [`Idle::note`] after each turn, and [`Idle::begin`] when the time of [`Idle::at`] has come.
#[derive(Default)]
pub(super) struct Idle {
    /// Where the events were when it was idle before.
    before: u64,
    /// Where they are now.
    position: u64,
    at: Option<Instant>,
}

impl Idle {
    /// So many bytes of events have come since the server began.
    #[inline]
    pub(super) fn note(&mut self, position: u64, now: Instant) {
        if position - self.before >= MUCH && position != self.position {
            self.position = position;
            self.at = Some(now + PAUSE);
        }
    }

    /// When it is idle; `None`: it was not busy.
    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// It is idle.
    pub(super) fn begin(&mut self) {
        self.before = self.position;
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_idle_once_a_second_after_the_last_of_many_bytes() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut idle = Idle::default();
        idle.note(MUCH - 1, at(0));
        assert_eq!(idle.at(), None, "not much");
        idle.note(MUCH, at(100));
        idle.note(MUCH + 1, at(200));
        idle.note(MUCH + 1, at(900));
        assert_eq!(idle.at(), Some(at(1200)), "a turn without events does not count");
        idle.begin();
        idle.note(MUCH + 2, at(2000));
        assert_eq!(idle.at(), None);
        idle.note(2 * MUCH + 1, at(3000));
        assert_eq!(idle.at(), Some(at(4000)));
    }
}
