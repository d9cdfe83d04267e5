//! What the network thread hands to the program.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::Socket;
use stagedoor_protocol::Kind;

use crate::descriptors::Listed;
use crate::memberships::Dropped;
use crate::outbox::{Account, ConnectionId};

/// Something that happened, in the order in which it happened.
#[derive(Debug)]
pub enum Event {
    /// A client has finished its opening handshake.
    Opened(ConnectionId, Box<Opened>),
    /// A whole message; its bytes are at this range of the batch's arena.
    Message(ConnectionId, Kind, Range<usize>),
    /// A whole message that was assembled in an allocation of its own.
    LargeMessage(ConnectionId, Kind, Vec<u8>),
    /// The kernel has this many more of the messages that were sent with a receipt.
    Sent(ConnectionId, usize),
    /// Something went wrong with a connection, or a broadcast did not fit its queue.
    Failed(ConnectionId, Box<str>),
    /// Messages of a group were lost, and the connection takes data again.
    Dropped(ConnectionId, Dropped),
    /// The last event of a connection.
    Closed(ConnectionId, Box<Closed>),
    /// The last event of a server: every connection is closed and the thread has ended. It
    /// carries a text when that was not asked for.
    Stopped(Option<Box<str>>),
}

/// What is known of a connection when it opens.
#[derive(Debug)]
pub struct Opened {
    /// The request target's path and query, as sent.
    pub path: String,
    /// The headers of the request, in order, names as sent. A server with tokens leaves out what
    /// holds one.
    pub headers: Vec<(String, String)>,
    /// The chosen subprotocol.
    pub subprotocol: Option<String>,
    /// Who connected.
    pub remote_address: SocketAddr,
    /// The role of its token; `None`: it has shown none.
    pub role: Option<u8>,
    /// How often the tokens had been replaced when its own was looked at.
    pub token_generation: u64,
    /// The account of what is sent to it.
    pub account: Arc<Account>,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The peer's close code, ours when the peer broke the protocol, else 1006.
    pub code: u16,
    /// The reason that came with the code.
    pub reason: String,
    /// Both sides sent a close frame: `None`. Otherwise what happened.
    pub error: Option<String>,
}

/// Events with the bytes of their messages.
#[derive(Debug, Default)]
pub struct Batch {
    /// What happened.
    pub events: Vec<Event>,
    /// The bytes of the messages.
    pub arena: Vec<u8>,
}

impl Batch {
    /// An arena that grew beyond this is given back after use.
    const KEEP: usize = 1 << 20;
    /// What an event is reckoned at, beside its payload.
    const EVENT: usize = 64;

    pub(crate) fn message(&mut self, id: ConnectionId, kind: Kind, payload: &[u8]) {
        let start = self.arena.len();
        self.arena.extend_from_slice(payload);
        self.events.push(Event::Message(id, kind, start..self.arena.len()));
    }

    pub(crate) fn failed(&mut self, id: ConnectionId, text: &str) {
        self.events.push(Event::Failed(id, text.into()));
    }

    /// Ready for use again.
    pub fn clear(&mut self) {
        self.events.clear();
        self.arena.clear();
        self.arena.shrink_to(Self::KEEP);
    }

    fn append(&mut self, other: &mut Self) {
        let offset = self.arena.len();
        self.arena.append(&mut other.arena);
        self.events.extend(other.events.drain(..).map(|event| match event {
            Event::Message(id, kind, range) => {
                Event::Message(id, kind, range.start + offset..range.end + offset)
            }
            other => other,
        }));
    }

    fn weight(&self) -> usize {
        let large: usize = self.events.iter().map(Event::own_bytes).sum();
        self.arena.len() + large + self.events.len() * Self::EVENT
    }
}

impl Event {
    /// What this event weighs in the sum that `max_receive_memory` limits.
    pub fn weight(&self) -> usize {
        let shared = if let Self::Message(_, _, range) = self { range.len() } else { 0 };
        Batch::EVENT + shared + self.own_bytes()
    }

    fn own_bytes(&self) -> usize {
        if let Self::LargeMessage(_, _, payload) = self { payload.len() } else { 0 }
    }
}

/// The queue to the program, and how the program waits for it.
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    stopped: Condvar,
    /// Something can be taken: all that an empty poll looks at.
    pending: AtomicBool,
    /// Weight of what was delivered and not yet consumed.
    held: AtomicUsize,
    /// The program has polled since the watch last looked.
    attended: AtomicBool,
    /// The network thread does not read until the program has consumed.
    throttled: AtomicBool,
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
            held: AtomicUsize::new(0),
            attended: AtomicBool::new(false),
            throttled: AtomicBool::new(false),
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
        self.held.fetch_add(batch.weight(), Ordering::AcqRel);
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
            Waiting::Armed => {
                if let Some(notifier) = &state.notifier {
                    // A full pipe has woken the loop already.
                    let _ = notifier.send(&[1]);
                }
            }
        }
    }

    /// Network thread: nothing more will come.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.stopped.notify_all();
    }

    pub(crate) fn pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Swaps what has come for an empty batch; false when nothing has.
    pub(crate) fn take(&self, batch: &mut Batch) -> bool {
        debug_assert!(batch.events.is_empty());
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
        self.attended.store(true, Ordering::Relaxed);
    }

    /// The program is done with events of this weight. True when the network thread waits for it.
    pub(crate) fn consumed(&self, weight: usize) -> bool {
        let before = self.held.fetch_sub(weight, Ordering::AcqRel);
        debug_assert!(before >= weight);
        self.throttled.load(Ordering::Acquire)
    }

    /// Network thread: whether the program is too far behind to read more for it.
    pub(crate) fn is_full(&self, limit: usize) -> bool {
        if self.held.load(Ordering::Acquire) < limit {
            self.throttled.store(false, Ordering::Release);
            return false;
        }
        self.throttled.store(true, Ordering::SeqCst);
        // The program may have consumed the last of it between the two lines above.
        self.held.load(Ordering::SeqCst) >= limit
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
        self.lock().notifier = notifier.map(Listed::adopt);
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
            if self.attended.swap(false, Ordering::Relaxed) && state.since.is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_held_goes_back_to_nothing_and_lifts_the_throttle() {
        let inbox = Inbox::new();
        let mut delivery = Batch::default();
        message(&mut delivery, "0123456789");
        delivery.events.push(Event::LargeMessage(
            ConnectionId::new(1, 0),
            Kind::Binary,
            vec![0; 1000],
        ));
        inbox.deliver(&mut delivery);
        assert!(inbox.is_full(1010));
        let mut batch = Batch::default();
        inbox.take(&mut batch);
        let weight = batch.events.iter().map(Event::weight).sum();
        assert!(inbox.consumed(weight), "the network thread waits");
        assert_eq!(inbox.held.load(Ordering::SeqCst), 0);
        assert!(!inbox.is_full(1010));
        assert!(!inbox.consumed(0), "and does not any more");
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
