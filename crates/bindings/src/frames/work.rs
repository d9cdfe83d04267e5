//! What a thread works, and what it waits: `worked()`, and `Waiting` for what looks like work.

use std::cell::RefCell;
use std::time::Instant;

use pyo3::prelude::*;

/// Waits of a thread that are kept until a frame ends there.
const WAITS: usize = 1000;

/// What a thread has said of its waits.
struct Waits {
    /// How many are under way, one inside the other.
    depth: u32,
    /// When the outermost began, and what the thread had used of a processor then.
    began: Option<(Instant, Option<u64>)>,
    /// What it used of a processor in waits, in nanoseconds.
    used: u64,
    /// Those that are over, since the last frame.
    over: Vec<(Instant, Instant)>,
}

thread_local! {
    static WAITING: RefCell<Waits> =
        const { RefCell::new(Waits { depth: 0, began: None, used: 0, over: Vec::new() }) };
}

/// The nanoseconds for which this thread has used a processor, but for those in its waits. None
/// where the system does not tell.
pub(super) fn worked() -> Option<u64> {
    let used = WAITING.with_borrow(|waits| waits.used);
    processor_time().map(|time| time.saturating_sub(used))
}

/// Call this with each wait of this thread that is over, as its start and end.
pub(super) fn take_waits(mut take: impl FnMut(Instant, Instant)) {
    WAITING.with_borrow_mut(|waits| waits.over.drain(..).for_each(|(start, end)| take(start, end)));
}

/// The nanoseconds for which this thread has used a processor.
#[cfg(unix)]
fn processor_time() -> Option<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a `timespec` of ours, which the call fills in, or leaves alone.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if done != 0 {
        return None;
    }
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanoseconds = u64::try_from(time.tv_nsec).ok()?;
    Some(seconds * 1_000_000_000 + nanoseconds)
}

/// Windows counts this in steps of 16 ms.
#[cfg(windows)]
fn processor_time() -> Option<u64> {
    None
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Waiting;

#[pymethods]
impl Waiting {
    #[new]
    fn new() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __enter__(&self) {
        WAITING.with_borrow_mut(|waits| {
            waits.depth += 1;
            if waits.depth == 1 {
                waits.began = Some((Instant::now(), processor_time()));
            }
        });
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (kind, error, traceback);
        WAITING.with_borrow_mut(|waits| {
            waits.depth = waits.depth.saturating_sub(1);
            if waits.depth > 0 {
                return;
            }
            let Some((began, used)) = waits.began.take() else { return };
            if let (Some(before), Some(after)) = (used, processor_time()) {
                waits.used += after.saturating_sub(before);
            }
            if waits.over.len() < WAITS {
                waits.over.push((began, Instant::now()));
            }
        });
    }
}
