//! What frames took, as Python records and reads it.

mod work;

pub(crate) use work::Waiting;

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use stagedoor_frames::{Kind, Record};
use stagedoor_server::FrameCounter;

use crate::net::server::Server;

/// The kinds of slice.
pub(crate) const SPAN: u8 = 0;
pub(crate) const GC: u8 = 1;
pub(crate) const IDLE: u8 = 2;

/// How often `begin()` says that there is something to do, even if there is not.
const ROUTINE: Duration = Duration::from_secs(1);
const NANOSECONDS: f64 = 1e9;

/// A frame: number, start, total, stagedoor, held, gc, idle, spans.
type FrameTuple = (u64, u64, u64, u64, u64, u64, u64, Vec<(String, u64)>);

/// A number for each thread, from 1.
fn this_thread() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(0) };
    }
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

struct Recorder {
    frames: stagedoor_frames::Frames,
    /// When `begin()` must say so again.
    routine: u64,
    /// The dt of the current frame, without what stagedoor took of it.
    dt: f64,
    /// Until when the time was measured for a tick inside a tick.
    measured: u64,
}

struct Shared {
    recorder: Mutex<Recorder>,
    /// The moment that times are counted from.
    base: Instant,
}

impl Shared {
    /// No Python code runs while this is locked.
    fn lock(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        nanoseconds(self.base.elapsed())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The dt that a game gets: without what stagedoor took of it. What no time can be, because it is
/// negative, infinite or NaN, is the game's own affair: it stays as it is.
fn rest(dt: f64, spent: u64) -> f64 {
    if dt > 0.0 { (dt - to_seconds(spent)).max(0.0) } else { dt }
}

/// Rounded; 0 for a negative number or NaN.
fn from_seconds(seconds: f64) -> u64 {
    Duration::try_from_secs_f64(seconds).map_or(0, nanoseconds)
}

#[expect(clippy::cast_precision_loss, reason = "durations and rates: 52 bits are plenty")]
fn to_seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / NANOSECONDS
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Frames {
    shared: Arc<Shared>,
    epoch: f64,
}

impl Frames {
    /// The number of the frame under way, without the GIL.
    pub(crate) fn counter(&self) -> FrameCounter {
        let shared = Arc::clone(&self.shared);
        Box::new(move || shared.lock().frames.number())
    }
}

#[pymethods]
impl Frames {
    #[new]
    fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let frames = stagedoor_frames::Frames::new();
        let recorder = Mutex::new(Recorder { frames, routine: 0, dt: 0.0, measured: 0 });
        Self {
            shared: Arc::new(Shared { recorder, base: Instant::now() }),
            epoch: since_epoch.as_secs_f64(),
        }
    }

    #[getter]
    fn epoch(&self) -> f64 {
        self.epoch
    }

    #[getter]
    fn number(&self) -> u64 {
        self.shared.lock().frames.number()
    }

    #[getter]
    fn thread(&self) -> u32 {
        self.shared.lock().frames.thread()
    }

    #[pyo3(signature = (server, dt, /))]
    fn begin(&self, server: Option<&Bound<'_, Server>>, dt: Option<f64>) -> Option<f64> {
        let waits = server.is_some_and(|server| server.get().attended());
        let now = self.shared.now();
        let mut recorder = self.shared.lock();
        let dt = match dt {
            Some(dt) => rest(dt, recorder.frames.spent()),
            None => to_seconds(recorder.frames.passed(now)),
        };
        recorder.dt = dt;
        recorder.measured = now;
        let thread = this_thread();
        let has_moved = recorder.frames.thread() != thread;
        work::take_waits(|start, end| {
            let since_base =
                |at: Instant| nanoseconds(at.saturating_duration_since(self.shared.base));
            recorder.frames.waited(since_base(start), since_base(end));
        });
        recorder.frames.begin(now, thread, work::worked);
        if waits || has_moved || now >= recorder.routine {
            recorder.routine = now + nanoseconds(ROUTINE);
            return None;
        }
        Some(dt)
    }

    #[getter]
    fn dt(&self) -> f64 {
        self.shared.lock().dt
    }

    fn measure(&self) -> f64 {
        let now = self.shared.now();
        let mut recorder = self.shared.lock();
        let since = std::mem::replace(&mut recorder.measured, now);
        to_seconds(now.saturating_sub(since))
    }

    #[pyo3(signature = (held, /))]
    fn answered(&self, held: f64) -> f64 {
        let worked = work::worked();
        let now = self.shared.now();
        let mut recorder = self.shared.lock();
        let own = recorder.frames.answered(now, from_seconds(held), worked);
        to_seconds(own)
    }

    #[pyo3(signature = (seconds, /))]
    fn took(&self, seconds: f64) {
        self.shared.lock().frames.took(from_seconds(seconds));
    }

    #[pyo3(signature = (name, /))]
    fn span(&self, name: &str) -> Span {
        let name = self.shared.lock().frames.name(name);
        Span { shared: Arc::clone(&self.shared), name }
    }

    #[pyo3(signature = (phase, info, /))]
    fn collection(&self, phase: &str, info: &Bound<'_, PyDict>) -> PyResult<()> {
        if phase == "start" {
            let now = self.shared.now();
            self.shared.lock().frames.collecting(now);
        } else {
            let now = self.shared.now();
            let generation = info.get_item("generation")?;
            let generation = generation.map_or(Ok(0), |found| found.extract())?;
            self.shared.lock().frames.collected(generation, this_thread(), now);
        }
        Ok(())
    }

    #[pyo3(signature = (count, since=0, until=u64::MAX, /))]
    fn history(&self, count: usize, since: u64, until: u64) -> Vec<FrameTuple> {
        let recorder = self.shared.lock();
        as_tuples(&recorder.frames, recorder.frames.history(count, since, until))
    }

    #[pyo3(signature = (threshold, limit, /))]
    fn slowest(&self, threshold: u64, limit: usize) -> Vec<u64> {
        self.shared.lock().frames.slowest(threshold, limit)
    }

    #[pyo3(signature = (count, since=0, until=u64::MAX, /))]
    fn slices(&self, count: usize, since: u64, until: u64) -> Vec<(u8, String, u32, u64, u64)> {
        let recorder = self.shared.lock();
        let slices = recorder.frames.slices(count, since, until);
        slices
            .into_iter()
            .map(|slice| {
                let (kind, name) = match slice.kind {
                    Kind::Span(name) => (SPAN, recorder.frames.name_of(name).to_owned()),
                    Kind::Gc(generation) => (GC, format!("gc, generation {generation}")),
                    Kind::Idle => (IDLE, "idle".to_owned()),
                };
                (kind, name, slice.thread, slice.start, slice.duration)
            })
            .collect()
    }

    #[pyo3(signature = (count, /))]
    fn summary(&self, count: usize) -> (u64, u64, u64, u64, u64, u64, u64, u64, u64) {
        let s = self.shared.lock().frames.summary(count);
        (s.frames, s.median, s.p95, s.p99, s.max, s.total, s.stagedoor, s.gc, s.idle)
    }

    fn rate(&self) -> f64 {
        let now = self.shared.now();
        self.shared.lock().frames.rate(now)
    }
}

fn as_tuples(frames: &stagedoor_frames::Frames, records: Vec<Record>) -> Vec<FrameTuple> {
    records
        .into_iter()
        .map(|Record { frame: f, spans }| {
            let spans = spans.iter().map(|sum| (frames.name_of(sum.name).to_owned(), sum.duration));
            (f.number, f.start, f.total, f.stagedoor, f.held, f.gc, f.idle, spans.collect())
        })
        .collect()
}

#[pyclass(frozen, module = "stagedoor._core")]
pub(crate) struct Span {
    shared: Arc<Shared>,
    name: u32,
}

#[pymethods]
impl Span {
    fn __enter__(&self) {
        let now = self.shared.now();
        self.shared.lock().frames.enter(self.name, this_thread(), now);
    }

    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (kind, error, traceback);
        let now = self.shared.now();
        self.shared.lock().frames.exit(self.name, this_thread(), now);
    }
}
