//! Round-trip times in buckets that are at most 0.8 % wide.

/// Values below this many nanoseconds have a bucket each; above, every power of two has as many.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Up to 2^40 ns, 18 minutes: longer than any run.
const BUCKETS: usize = 34 * 128;

/// Counts of durations in nanoseconds.
pub(crate) struct Histogram {
    counts: Vec<u32>,
    total: u64,
    max: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }

    #[inline]
    pub(crate) fn record(&mut self, nanoseconds: u64) {
        let last = self.counts.len() - 1;
        self.counts[bucket(nanoseconds).min(last)] += 1;
        self.total += 1;
        self.max = self.max.max(nanoseconds);
    }

    /// Counts what the other has counted, too.
    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// How many durations were recorded.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The longest, exactly.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The duration that `thousandths` of all do not exceed: the middle of its bucket.
    pub(crate) fn quantile(&self, thousandths: u64) -> u64 {
        let rank = (self.total * thousandths).div_ceil(1000).max(1);
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= rank {
                return middle(index as u64).min(self.max);
            }
        }
        self.max
    }
}

fn bucket(nanoseconds: u64) -> usize {
    let shift = (nanoseconds | STEPS).ilog2() - STEP_BITS;
    let row = if nanoseconds < STEPS { 0 } else { u64::from(shift) + 1 };
    let column = (nanoseconds >> shift) & (STEPS - 1);
    usize::try_from(row * STEPS + column).unwrap_or(usize::MAX)
}

fn middle(index: u64) -> u64 {
    let (row, column) = (index / STEPS, index % STEPS);
    if row == 0 {
        return column;
    }
    let shift = row - 1;
    ((STEPS + column) << shift) + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_bucket_is_within_half_a_percent_of_every_value_in_it() {
        for value in (0..4000).chain([10_000, 123_456, 7_000_001, 999_999_999, 60_000_000_000]) {
            let found = middle(bucket(value) as u64);
            assert!(found.abs_diff(value) * 200 <= value, "{value} -> {found}");
        }
    }

    #[test]
    fn quantiles_count_from_the_smallest() {
        let mut histogram = Histogram::new();
        for value in 1..=100 {
            histogram.record(value);
        }
        assert_eq!(histogram.quantile(500), 50);
        assert_eq!(histogram.quantile(990), 99);
        assert_eq!(histogram.quantile(1000), 100);
        assert_eq!((histogram.max(), histogram.total()), (100, 100));
    }

    #[test]
    fn what_two_have_counted_is_added() {
        let (mut one, mut other) = (Histogram::new(), Histogram::new());
        one.record(10);
        other.record(30);
        other.record(20);
        one.add(&other);
        assert_eq!((one.total(), one.max(), one.quantile(500)), (3, 30, 20));
    }

    #[test]
    fn one_value_or_none_is_no_special_case() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile(500), 0);
        histogram.record(86_400_000_000_000);
        assert_eq!(histogram.max(), 86_400_000_000_000);
        assert!(histogram.quantile(500) > 1_000_000_000_000);
    }
}
