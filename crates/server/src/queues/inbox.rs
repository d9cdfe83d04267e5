//! What the network thread hands to the program.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::Socket;

use super::event::Batch;
use crate::io::descriptors::Listed;

/// No position: the network thread waits for none.
pub(crate) const NOBODY: u64 = u64::MAX;

/// The queue to the program, and how the program waits for it.
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    stopped: Condvar,
    /// Something can be taken: all that an empty poll looks at.
    pending: AtomicBool,
    /// Positions in the sequence of events: the weight of all that was delivered so far, and of
    /// what the program has handled.
    delivered: AtomicU64,
    handled: AtomicU64,
    /// The position at which the network thread wants to be woken.
    awaited: AtomicU64,
    /// The thread that has polled since the watch last looked; 0: none has.
    attended: AtomicU64,
}

#[derive(Default)]
struct State {
    batch: Batch,
    /// When the oldest event in the batch came.
    since: Option<Instant>,
    waiting: Waiting,
    notifier: Option<Listed<Socket>>,
    stopped: bool,
}

impl State {
    /// Wakes the event loop.
    fn ring(&self) {
        if let Some(notifier) = &self.notifier {
            // A full pipe has woken the loop already.
            let _ = notifier.send(&[1]);
        }
    }
}

/// How the consumer learns of the next event.
#[derive(Default, PartialEq)]
enum Waiting {
    /// It will look by itself.
    #[default]
    No,
    /// It sleeps in [`Inbox::wait`].
    Blocked,
    /// A byte on the notifier wakes its event loop.
    Armed,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            stopped: Condvar::new(),
            pending: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            handled: AtomicU64::new(0),
            awaited: AtomicU64::new(NOBODY),
            attended: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Network thread: hands over a batch and leaves it empty.
    pub(crate) fn deliver(&self, batch: &mut Batch) {
        if batch.events.is_empty() {
            return;
        }
        self.delivered.fetch_add(batch.weight() as u64, Ordering::Relaxed);
        let mut state = self.lock();
        if state.batch.events.is_empty() {
            std::mem::swap(&mut state.batch, batch);
            state.since = Some(Instant::now());
        } else {
            state.batch.append(batch);
        }
        self.pending.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut state.waiting);
        match waiting {
            Waiting::No => {}
            Waiting::Blocked => {
                drop(state);
                self.arrived.notify_all();
            }
            Waiting::Armed => state.ring(),
        }
    }

    /// Network thread: nothing more will come. An event loop that was not told of the last event
    /// sees the end of the notifier instead.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.notifier = None;
        self.stopped.notify_all();
    }

    pub(crate) fn pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Swaps what has come for an empty batch; false when nothing has.
    pub(crate) fn take(&self, batch: &mut Batch) -> bool {
        debug_assert!(batch.weight() == 0);
        if !self.pending() {
            return false;
        }
        let mut state = self.lock();
        std::mem::swap(&mut state.batch, batch);
        state.since = None;
        self.pending.store(false, Ordering::Release);
        true
    }

    /// The program is polling, whether or not there is anything for it.
    pub(crate) fn attend(&self) {
        self.attended.store(current_thread(), Ordering::Relaxed);
    }

    /// Whether the program has polled since [`Inbox::attendance`] was called.
    pub(crate) fn is_attended(&self) -> bool {
        self.attended.load(Ordering::Relaxed) != 0
    }

    /// The thread that has polled since the last call.
    pub(crate) fn attendance(&self) -> Option<u64> {
        let thread = self.attended.swap(0, Ordering::Relaxed);
        (thread != 0).then_some(thread)
    }

    /// Makes an event loop that waits for a byte poll, to see whether it is alive.
    pub(crate) fn nudge(&self) {
        let mut state = self.lock();
        if state.waiting == Waiting::Armed {
            state.waiting = Waiting::No;
            state.ring();
        }
    }

    /// The program has handled events of this weight. True: the network thread waits for that.
    pub(crate) fn consumed(&self, weight: usize) -> bool {
        let handled = self.handled.fetch_add(weight as u64, Ordering::SeqCst) + weight as u64;
        debug_assert!(handled <= self.delivered.load(Ordering::Relaxed));
        handled >= self.awaited.load(Ordering::SeqCst)
            && self.awaited.swap(NOBODY, Ordering::SeqCst) != NOBODY
    }

    /// Network thread: the position behind what was delivered last.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// The position up to which the program has handled events.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Acquire)
    }

    /// Network thread: asks to be woken when the program has come to this position. False: it is
    /// there already.
    pub(crate) fn ask_for(&self, position: u64) -> bool {
        self.awaited.store(position, Ordering::SeqCst);
        // The program may have got there just before.
        self.handled.load(Ordering::SeqCst) < position
    }

    /// Blocks until something can be taken; false when the time was up first.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let mut state = self.lock();
        if self.pending() {
            return true;
        }
        state.waiting = Waiting::Blocked;
        let condition = |_: &mut State| !self.pending();
        let (mut state, _) = self
            .arrived
            .wait_timeout_while(state, timeout, condition)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting = Waiting::No;
        self.pending()
    }

    /// From now on [`Inbox::arm`] can ask for a byte on this socket.
    pub(crate) fn set_notifier(&self, notifier: Option<Socket>) {
        let notifier = notifier.map(Listed::adopt);
        let mut state = self.lock();
        state.notifier = notifier.filter(|_| !state.stopped);
    }

    /// Asks for one byte on the notifier when the next event comes. False: there is one already.
    pub(crate) fn arm(&self) -> bool {
        let mut state = self.lock();
        if self.pending() {
            return false;
        }
        state.waiting = Waiting::Armed;
        true
    }

    /// Blocks until an event has lain here untaken for this long (true), or nothing more will
    /// come (false).
    pub(crate) fn wait_neglected(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return false;
            }
            if self.attendance().is_some() && state.since.is_some() {
                // A poll with a budget may still be at what it took before.
                state.since = Some(Instant::now());
            }
            let left = match state.since {
                Some(since) => patience.saturating_sub(since.elapsed()),
                None => patience,
            };
            if left.is_zero() {
                return true;
            }
            // Events do not wake this wait: a short nap costs less than a wake-up per batch.
            let nap = left.min(Duration::from_millis(500));
            let woken = self.stopped.wait_timeout(state, nap);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The number of the calling thread, which Python uses, too; never 0.
#[cfg(unix)]
fn current_thread() -> u64 {
    // SAFETY: it has no preconditions.
    unsafe { libc::pthread_self() as u64 }
}

/// Any number but 0: on Windows nothing asks which thread it was.
#[cfg(not(unix))]
fn current_thread() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;

    use stagedoor_protocol::Kind;

    use super::*;
    use crate::queues::event::Event;
    use crate::queues::ids::ConnectionId;

    fn message(batch: &mut Batch, text: &str) {
        batch.message(ConnectionId::new(1, 0), Kind::Text, text.as_bytes());
    }

    fn texts(batch: &Batch) -> Vec<String> {
        let text = |range: &Range<usize>| {
            String::from_utf8(batch.arena[range.clone()].to_vec()).expect("text")
        };
        batch
            .events
            .iter()
            .map(|event| match event {
                Event::Message(_, _, range) => text(range),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn batches_delivered_before_a_take_arrive_as_one_in_order() {
        let inbox = Inbox::new();
        let mut batch = Batch::default();
        assert!(!inbox.take(&mut batch));
        for text in ["one", "two", "three"] {
            let mut delivery = Batch::default();
            message(&mut delivery, text);
            inbox.deliver(&mut delivery);
            assert!(delivery.events.is_empty() && delivery.arena.is_empty());
        }
        assert!(inbox.pending());
        assert!(inbox.take(&mut batch));
        assert_eq!(texts(&batch), ["one", "two", "three"]);
        assert!(!inbox.pending());
    }

    #[test]
    fn the_program_comes_to_where_what_was_delivered_ends_and_tells_once() {
        let inbox = Inbox::new();
        let mut delivery = Batch::default();
        message(&mut delivery, "0123456789");
        let large = Event::LargeMessage(ConnectionId::new(1, 0), Kind::Binary, vec![0; 1000]);
        delivery.push(large);
        inbox.deliver(&mut delivery);
        let end = inbox.delivered();
        assert!(end >= 1010);
        assert!(inbox.ask_for(end));
        let mut batch = Batch::default();
        inbox.take(&mut batch);
        let weight: usize = batch.events.iter().map(Event::weight).sum();
        assert!(!inbox.consumed(weight - 1));
        assert!(inbox.consumed(1), "the network thread waits");
        assert_eq!(inbox.handled(), end);
        assert!(!inbox.consumed(0), "and does not any more");
        assert!(!inbox.ask_for(end), "for what is past");
    }

    #[test]
    fn a_blocked_consumer_is_woken_by_a_delivery() {
        let inbox = Arc::new(Inbox::new());
        assert!(!inbox.wait(Duration::from_millis(1)));
        let waiter = std::thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || inbox.wait(Duration::from_secs(60))
        });
        while inbox.lock().waiting != Waiting::Blocked {
            std::thread::yield_now();
        }
        let mut delivery = Batch::default();
        message(&mut delivery, "wake up");
        inbox.deliver(&mut delivery);
        assert!(waiter.join().expect("no panic"));
    }

    #[test]
    fn neglect_is_noticed_and_a_stop_ends_the_watch() {
        let inbox = Inbox::new();
        let mut delivery = Batch::default();
        message(&mut delivery, "hello?");
        inbox.deliver(&mut delivery);
        assert!(inbox.wait_neglected(Duration::from_millis(5)));
        inbox.stop();
        assert!(!inbox.wait_neglected(Duration::from_secs(60)));
    }
}
