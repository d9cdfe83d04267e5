//! What the network thread and the program share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::Waker;

use super::inbox::Inbox;
use super::lead::Lead;
use super::outbox::Outbox;
use super::watch::Watch;

/// The queues between the two, and the state of their waiting.
pub(crate) struct Shared {
    pub(crate) inbox: Inbox,
    pub(crate) watch: Watch,
    pub(crate) lead: Lead,
    outbox: Mutex<Outbox>,
    /// The outbox is not empty.
    pub(crate) has_commands: AtomicBool,
    /// Whoever leads waits, or is about to; whoever changes this to false must wake it.
    pub(crate) is_asleep: AtomicBool,
    /// `None` when the loop has ended.
    waker: Mutex<Option<Waker>>,
}

impl Shared {
    pub(crate) fn new(waker: Waker) -> Self {
        Self {
            inbox: Inbox::new(),
            watch: Watch::default(),
            lead: Lead::default(),
            outbox: Mutex::default(),
            has_commands: AtomicBool::new(false),
            is_asleep: AtomicBool::new(false),
            waker: Mutex::new(Some(waker)),
        }
    }

    /// Network thread: swaps the waiting commands for an empty outbox.
    pub(crate) fn take_commands(&self, empty: &mut Outbox) {
        debug_assert!(empty.is_empty());
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *outbox, empty);
        self.has_commands.store(false, Ordering::SeqCst);
    }

    pub(crate) fn queue(&self, put: impl FnOnce(&mut Outbox)) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        put(&mut outbox);
        // It changes under the lock only, and a store would cost more than the rest of this.
        if !self.has_commands.load(Ordering::Relaxed) {
            self.has_commands.store(true, Ordering::SeqCst);
        }
    }

    /// Makes whoever leads look at what was queued.
    pub(crate) fn wake(&self) {
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            self.wake_always();
        } else {
            self.lead.recall();
        }
    }

    pub(crate) fn wake_always(&self) {
        // The lock keeps the descriptor from being closed, and its number from being used again.
        if let Some(waker) = &*self.waker() {
            // It fails only when the thread's poll is gone, and then there is nobody to wake.
            let _ = waker.wake();
        }
    }

    /// The loop has ended: closes what wakes it.
    pub(crate) fn end_waking(&self) {
        *self.waker() = None;
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
