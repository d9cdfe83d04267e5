use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::queues::ids::ConnectionId;

/// Deadlines in order of time.
///
/// An entry is a reminder, not a promise: whoever is reminded looks at its own deadlines and
/// asks again, so a deadline that moves later needs no change here.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, ConnectionId)>>,
}

impl Timers {
    pub(crate) fn remind(&mut self, at: Instant, who: ConnectionId) {
        self.heap.push(Reverse((at, who)));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next reminder whose time has come, with the time it was asked for.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(Instant, ConnectionId)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reminders_come_in_order_of_time_and_not_before_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
        timers.remind(at(20), ConnectionId::new(2, 0));
        timers.remind(at(10), ConnectionId::new(1, 0));
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.due(at(9)), None);
        assert_eq!(timers.due(at(30)), Some((at(10), ConnectionId::new(1, 0))));
        assert_eq!(timers.due(at(30)), Some((at(20), ConnectionId::new(2, 0))));
        assert_eq!(timers.due(at(30)), None);
    }
}
