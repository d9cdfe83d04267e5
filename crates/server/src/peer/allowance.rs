//! How many messages one connection may bring.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// So much may come at once, measured in the time that it takes to be allowed.
const BURST: Duration = Duration::from_secs(1);
/// No data frame of a client is shorter: two bytes of header and a mask.
const SHORTEST_FRAME: u64 = 6;
/// A read may always bring so many bytes.
const SMALLEST_READ: u64 = 1024;

/// Messages that one connection may bring, as a bucket that is never closed: what has come is
/// spent, even if that makes a debt, and a connection with a debt is not to be read before
/// [`Allowance::due`].
///
/// The bucket holds what a second allows. It is full in the beginning.
#[derive(Debug)]
pub(crate) struct Allowance {
    per_second: NonZeroU64,
    /// From this time on the bucket is full. It has a debt if that is more than [`BURST`] away.
    full_at: Instant,
}

impl Allowance {
    pub(crate) fn new(per_second: NonZeroU64, now: Instant) -> Self {
        Self { per_second, full_at: now }
    }

    pub(crate) fn spend(&mut self, messages: u64, now: Instant) {
        if messages > 0 {
            let nanos = messages.saturating_mul(1_000_000_000) / self.per_second;
            self.full_at = self.full_at.max(now) + Duration::from_nanos(nanos);
        }
    }

    /// When the debt is paid, if there is one.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        self.full_at.checked_sub(BURST).filter(|due| *due > now)
    }

    /// What one read may bring, in bytes: not much more than a second allows.
    pub(crate) fn read_size(&self) -> usize {
        let bytes = self.per_second.get().saturating_mul(SHORTEST_FRAME).max(SMALLEST_READ);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(per_second: u64, now: Instant) -> Allowance {
        Allowance::new(NonZeroU64::new(per_second).expect("not 0"), now)
    }

    #[test]
    fn what_a_second_allows_may_come_at_once_and_then_as_much_in_each() {
        let start = Instant::now();
        let mut bucket = allowance(10, start);
        bucket.spend(10, start);
        assert_eq!(bucket.due(start), None);
        bucket.spend(1, start);
        let due = bucket.due(start).expect("a debt");
        assert_eq!(due, start + Duration::from_millis(100));
        assert_eq!(bucket.due(start + Duration::from_millis(99)), Some(due));
        assert_eq!(bucket.due(due), None);
        bucket.spend(25, due);
        assert_eq!(bucket.due(due), Some(due + Duration::from_millis(2500)), "one read, one debt");
    }

    #[test]
    fn what_is_not_used_in_a_second_is_lost() {
        let start = Instant::now();
        let mut bucket = allowance(10, start);
        let later = start + Duration::from_secs(3600);
        bucket.spend(11, later);
        assert_eq!(bucket.due(later), Some(later + Duration::from_millis(100)));
    }

    #[test]
    fn in_the_long_run_no_more_comes_than_is_allowed_at_any_rate() {
        for per_second in [1, 3, 7, 10_000, 1_000_000] {
            let start = Instant::now();
            let mut bucket = allowance(per_second, start);
            let (mut now, mut spent) = (start, 0);
            while spent < 20 * per_second {
                now = bucket.due(now).unwrap_or(now);
                let read = 1 + spent % 13;
                bucket.spend(read, now);
                spent += read;
            }
            // But for the first second, and for the last read.
            let least = Duration::from_secs(18).mul_f64(0.999);
            assert!(now - start + Duration::from_secs(13 / per_second) >= least, "{per_second}");
        }
    }

    #[test]
    fn a_small_rate_reads_little_at_a_time() {
        let now = Instant::now();
        assert_eq!(allowance(1, now).read_size(), 1024);
        assert_eq!(allowance(10_000, now).read_size(), 60_000);
        assert_eq!(allowance(u64::MAX, now).read_size(), usize::MAX);
    }
}
