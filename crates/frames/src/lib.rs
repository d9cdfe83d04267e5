//! What each frame of a game took: the last 10 000, with what was in them.
//!
//! There is no clock, no thread and no Python here. Times are passed in, in nanoseconds since any
//! fixed moment; threads are numbers.

mod ring;
mod summary;

pub use summary::Summary;

use std::cmp::Reverse;

use ring::Ring;

/// Frames that are kept.
pub const FRAMES: usize = 10_000;
/// Slices that are kept, of all frames together.
const SLICES: usize = 1 << 17;
/// Slices that are kept of one frame. Further ones still count in the spans' sums.
const SLICES_OF_A_FRAME: u64 = 1000;
/// A frame that is over so soon after the thread's work was asked for is brief: to ask again would
/// take a good part of it.
const BRIEF: u64 = 50_000;
/// Names that spans may have. Further ones share the last name.
const NAMES: usize = 1000;
/// The last name.
const OTHER: &str = "(other spans)";

/// One frame, from the beginning of a tick to the beginning of the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Counts from 1.
    pub number: u64,
    /// When it began.
    pub start: u64,
    /// How long it took, without the time that the game was held.
    pub total: u64,
    /// What stagedoor took of that.
    pub stagedoor: u64,
    /// How long the game was held in it.
    pub held: u64,
    /// What garbage collections took of it.
    pub gc: u64,
    /// How long the game's thread waited in it, rather than worked.
    pub idle: u64,
    /// Where its spans' sums are.
    sums: (u64, u64),
    /// Where its slices are.
    slices: (u64, u64),
}

/// What the spans of one name took in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The name, for [`Frames::name_of`].
    pub name: u32,
    /// How long they took together. A span within another of the same name is part of that one.
    pub duration: u64,
}

/// What a slice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The part of a span that is in one frame; its name, for [`Frames::name_of`].
    Span(u32),
    /// A garbage collection, of this generation.
    Gc(u32),
    /// The game said that it waits.
    Idle,
}

/// Something that took part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// What it is.
    pub kind: Kind,
    /// Where it ran.
    pub thread: u32,
    /// When it began.
    pub start: u64,
    /// How long it took.
    pub duration: u64,
}

/// A frame with the sums of its spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The frame.
    pub frame: Frame,
    /// Its spans, in the order in which the first of each name ended.
    pub spans: Vec<Sum>,
}

/// A span that has been entered.
struct Open {
    name: u32,
    thread: u32,
    since: u64,
}

/// Records frames.
///
/// Call [`Frames::begin`] at the beginning of each frame and [`Frames::answered`] when stagedoor is
/// done with it; anything else at any time.
pub struct Frames {
    over: Ring<Frame>,
    sums: Ring<Sum>,
    slices: Ring<Slice>,
    /// The current frame; its number is 0 before the first.
    current: Frame,
    /// The thread that begins frames.
    thread: u32,
    /// What that thread had worked when the game's part of the current frame began.
    worked: Option<u64>,
    /// When that was asked for.
    asked: u64,
    open: Vec<Open>,
    names: Vec<Box<str>>,
    /// What each name's spans took so far in this frame, by name.
    running: Vec<Option<u64>>,
    /// The names in `running` that have something, in order.
    touched: Vec<u32>,
    /// When the present garbage collection began.
    collecting: Option<u64>,
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

impl Frames {
    /// Nothing recorded.
    pub fn new() -> Self {
        Self {
            over: Ring::new(FRAMES),
            sums: Ring::new(SLICES),
            slices: Ring::new(SLICES),
            current: Frame::default(),
            thread: 0,
            worked: None,
            asked: 0,
            open: Vec::new(),
            names: Vec::new(),
            running: Vec::new(),
            touched: Vec::new(),
            collecting: None,
        }
    }

    /// A frame begins, on this thread; the one before ends.
    ///
    /// `worked` tells what the thread has worked so far: its processor time. If it does not know,
    /// what the game said of its waits counts alone. It is not asked after a brief frame, which
    /// counts as work.
    pub fn begin(&mut self, now: u64, thread: u32, worked: impl FnOnce() -> Option<u64>) {
        let has_moved = thread != self.thread;
        let is_brief = !has_moved && now.saturating_sub(self.asked) < BRIEF;
        let worked = if is_brief { None } else { worked() };
        if self.current.number > 0 {
            let own = self.end(now);
            let waited = self.current.idle.min(own);
            let idle = match (self.worked, worked) {
                (Some(before), Some(after)) if !has_moved => {
                    own.saturating_sub(after.saturating_sub(before))
                }
                _ => waited,
            };
            if let Some(worked) = &mut self.worked {
                *worked += own - idle;
            }
            self.current.idle = idle;
            self.over.push(self.current);
        }
        if !is_brief {
            self.worked = worked;
            self.asked = now;
        }
        self.thread = thread;
        self.current = Frame {
            number: self.current.number + 1,
            start: now,
            sums: (self.sums.end(), 0),
            slices: (self.slices.end(), 0),
            ..Frame::default()
        };
    }

    /// The current frame is over. Returns how much of it was the game's own.
    fn end(&mut self, now: u64) -> u64 {
        if !self.open.is_empty() {
            self.cut_open_spans(now);
        }
        for name in self.touched.drain(..) {
            let duration = self.running[name as usize].take().unwrap_or_default();
            self.sums.push(Sum { name, duration });
        }
        let frame = &mut self.current;
        frame.total = now.saturating_sub(frame.start).saturating_sub(frame.held);
        frame.sums.1 = self.sums.end();
        frame.slices.1 = self.slices.end();
        frame.total.saturating_sub(frame.stagedoor)
    }

    /// Spans that go on into the next frame: this one gets its part of them.
    fn cut_open_spans(&mut self, now: u64) {
        for at in 0..self.open.len() {
            let Open { name, thread, since } = self.open[at];
            if thread == self.thread {
                self.open[at].since = now;
                self.slice(Kind::Span(name), thread, since, now);
                let is_inner = self.open[..at].iter().any(|o| (o.name, o.thread) == (name, thread));
                if !is_inner {
                    self.add(name, now.saturating_sub(since));
                }
            }
        }
    }

    /// stagedoor is done with this frame, in which it held the game for this long. Returns how long
    /// it took for itself. `worked` is what the thread has worked so far.
    pub fn answered(&mut self, now: u64, held: u64, worked: Option<u64>) -> u64 {
        self.worked = worked;
        self.asked = now;
        let frame = &mut self.current;
        frame.held = held;
        frame.stagedoor = now.saturating_sub(frame.start).saturating_sub(held);
        frame.stagedoor
    }

    /// stagedoor took more of this frame, after its tick. The thread worked meanwhile, but not for
    /// the game.
    pub fn took(&mut self, duration: u64) {
        self.current.stagedoor += duration;
        if let Some(worked) = &mut self.worked {
            *worked += duration;
        }
    }

    /// How much of this frame was not the game's time: stagedoor took it, or held the game.
    pub fn spent(&self) -> u64 {
        self.current.stagedoor + self.current.held
    }

    /// The game's thread said that it waits, and that it is done.
    pub fn waited(&mut self, start: u64, end: u64) {
        let start = start.max(self.current.start);
        if start < end {
            self.current.idle += end - start;
            self.slice(Kind::Idle, self.thread, start, end);
        }
    }

    /// How long the current frame has lasted so far, without what was not the game's time.
    pub fn passed(&self, now: u64) -> u64 {
        if self.current.number == 0 {
            return 0;
        }
        now.saturating_sub(self.current.start).saturating_sub(self.spent())
    }

    /// The number of a span's name.
    pub fn name(&mut self, name: &str) -> u32 {
        if let Some(at) = self.names.iter().position(|known| **known == *name) {
            return number(at);
        }
        if self.names.len() >= NAMES {
            return number(NAMES - 1);
        }
        let is_last = self.names.len() == NAMES - 1;
        self.names.push(if is_last { OTHER } else { name }.into());
        self.running.push(None);
        number(self.names.len() - 1)
    }

    /// The name of that number.
    pub fn name_of(&self, name: u32) -> &str {
        self.names.get(name as usize).map_or("", |name| name)
    }

    /// A span begins.
    pub fn enter(&mut self, name: u32, thread: u32, now: u64) {
        self.open.push(Open { name, thread, since: now });
    }

    /// A span ends: the last of that name that was entered on that thread. Nothing happens if
    /// there is none.
    pub fn exit(&mut self, name: u32, thread: u32, now: u64) {
        let is_it = |open: &Open| (open.name, open.thread) == (name, thread);
        let Some(at) = self.open.iter().rposition(is_it) else { return };
        let since = self.open.remove(at).since;
        self.slice(Kind::Span(name), thread, since, now);
        // A span on another thread is not part of the frame, and a span inside another one of the
        // same name is part of that one.
        if thread == self.thread && !self.open.iter().any(is_it) {
            self.add(name, now.saturating_sub(since));
        }
    }

    fn add(&mut self, name: u32, duration: u64) {
        let sum = &mut self.running[name as usize];
        if sum.is_none() {
            self.touched.push(name);
        }
        *sum.get_or_insert(0) += duration;
    }

    fn slice(&mut self, kind: Kind, thread: u32, start: u64, end: u64) {
        if self.slices.end() - self.current.slices.0 < SLICES_OF_A_FRAME {
            let duration = end.saturating_sub(start);
            self.slices.push(Slice { kind, thread, start, duration });
        }
    }

    /// A garbage collection begins.
    pub fn collecting(&mut self, now: u64) {
        self.collecting = Some(now);
    }

    /// The garbage collection is over. It counts as part of the frame on whichever thread it was,
    /// because it keeps all threads waiting.
    pub fn collected(&mut self, generation: u32, thread: u32, now: u64) {
        if let Some(since) = self.collecting.take() {
            let since = since.max(self.current.start);
            self.current.gc += now.saturating_sub(since);
            self.slice(Kind::Gc(generation), thread, since, now);
        }
    }

    /// The number of the current frame.
    pub fn number(&self) -> u64 {
        self.current.number
    }

    /// The thread that begins frames.
    pub fn thread(&self) -> u32 {
        self.thread
    }

    /// The last `count` frames that are over, oldest first; only those after number `since`, up to
    /// number `until`.
    pub fn history(&self, count: usize, since: u64, until: u64) -> Vec<Record> {
        self.between(count, since, until).map(|frame| self.record(frame)).collect()
    }

    /// The numbers of the slowest frames whose total is more than `threshold`, slowest first, `limit`
    /// at most.
    pub fn slowest(&self, threshold: u64, limit: usize) -> Vec<u64> {
        let is_slower = |frame: &&Frame| frame.total > threshold;
        let mut found: Vec<&Frame> = self.over.latest(FRAMES).filter(is_slower).collect();
        found.sort_by_key(|frame| Reverse(frame.total));
        found.into_iter().take(limit).map(|frame| frame.number).collect()
    }

    /// The slices of the frames that [`Frames::history`] returns, as far as they are kept, in the
    /// order of their ends.
    pub fn slices(&self, count: usize, since: u64, until: u64) -> Vec<Slice> {
        let slices = self.between(count, since, until).map(|frame| frame.slices);
        slices.flat_map(|(from, to)| self.slices.range(from, to)).copied().collect()
    }

    /// The last `count` frames in a few figures.
    pub fn summary(&self, count: usize) -> Summary {
        Summary::of(self.over.latest(count))
    }

    /// Frames a second, from those that ended within the last second. The time that the game was
    /// held does not count.
    pub fn rate(&self, now: u64) -> f64 {
        const SECOND: u64 = 1_000_000_000;
        let mut frames = 0;
        let mut time = 0;
        let recent = |frame: &&Frame| frame.start + frame.held + frame.total + SECOND >= now;
        for frame in self.over.latest(FRAMES).rev().take_while(recent) {
            frames += 1;
            time += frame.total;
        }
        if time == 0 {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = f64::from(frames) * SECOND as f64 / time as f64;
        rate
    }

    /// Frames have numbers without gaps, so it need not look for the first.
    fn between(&self, count: usize, since: u64, until: u64) -> impl Iterator<Item = &Frame> {
        let newest = self.over.latest(1).next().map_or(0, |frame| frame.number);
        let count = count.min(usize::try_from(newest.saturating_sub(since)).unwrap_or(usize::MAX));
        self.over.latest(count).take_while(move |frame| frame.number <= until)
    }

    fn record(&self, frame: &Frame) -> Record {
        let (from, to) = frame.sums;
        Record { frame: *frame, spans: self.sums.range(from, to).copied().collect() }
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
