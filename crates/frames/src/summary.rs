//! Frames in a few figures.

use crate::Frame;

/// What some frames took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many frames they are.
    pub frames: u64,
    /// Half of the frames took at most this long. This and the next four are about totals.
    pub median: u64,
    /// 95 of 100 took at most this long.
    pub p95: u64,
    /// 99 of 100 took at most this long.
    pub p99: u64,
    /// The slowest.
    pub max: u64,
    /// The sum of the totals.
    pub total: u64,
    /// The sum of what stagedoor took.
    pub stagedoor: u64,
    /// The sum of what garbage collections took.
    pub gc: u64,
    /// The sum of what the game's thread waited.
    pub idle: u64,
}

impl Summary {
    pub(crate) fn of<'a>(frames: impl Iterator<Item = &'a Frame>) -> Self {
        let mut summary = Self::default();
        let mut totals = Vec::new();
        for frame in frames {
            totals.push(frame.total);
            summary.total += frame.total;
            summary.stagedoor += frame.stagedoor;
            summary.gc += frame.gc;
            summary.idle += frame.idle;
        }
        totals.sort_unstable();
        summary.frames = totals.len() as u64;
        summary.median = nearest_rank(&totals, 50);
        summary.p95 = nearest_rank(&totals, 95);
        summary.p99 = nearest_rank(&totals, 99);
        summary.max = totals.last().copied().unwrap_or_default();
        summary
    }
}

/// The smallest value that this many percent of all do not exceed.
fn nearest_rank(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_frames_that_were() {
        let frames: Vec<_> =
            (1..=200).map(|total| Frame { total, gc: 2, ..Frame::default() }).collect();
        let summary = Summary::of(frames.iter());
        let Summary { frames, median, p95, p99, max, total, gc, .. } = summary;
        assert_eq!((frames, median, p95, p99, max), (200, 100, 190, 198, 200));
        assert_eq!((total, gc), (20_100, 400));
    }

    #[test]
    fn of_nothing_all_is_zero_and_of_one_all_is_that_one() {
        assert_eq!(Summary::of([].iter()), Summary::default());
        let one = Summary::of([Frame { total: 7, ..Frame::default() }].iter());
        assert_eq!((one.median, one.p95, one.p99, one.max), (7, 7, 7, 7));
    }
}
