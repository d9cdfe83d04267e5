//! The network thread, from its start to its end.

use std::io::{self, ErrorKind};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mio::{Events, Poll};

use super::Network;
use crate::queues::event::Event;
use crate::queues::shared::Shared;

/// The poll of the loop, for whoever leads.
pub(crate) struct Reactor {
    /// `None` when the loop has ended.
    poll: Option<Poll>,
    events: Events,
}

impl Reactor {
    pub(crate) fn new(poll: Poll) -> Self {
        Self { poll: Some(poll), events: Events::with_capacity(1024) }
    }

    /// Waits, for `longest` at most, and handles what came. False: that was the last turn.
    pub(crate) fn take_turn(
        &mut self,
        network: &Mutex<Network>,
        longest: Option<Duration>,
    ) -> io::Result<bool> {
        let Some(poll) = &mut self.poll else { return Ok(false) };
        let nap = lock(network)?.fall_asleep(longest);
        let polled = poll.poll(&mut self.events, nap);
        let mut awake = lock(network)?;
        let now = awake.wake_up();
        match polled {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => awake.take_turn(&self.events, now),
        }
        Ok(!awake.is_done())
    }
}

/// The thread's body: whatever happens, the program gets a last event.
pub(crate) fn run(network: &Mutex<Network>, reactor: &Mutex<Reactor>, shared: &Shared) {
    block_signals();
    let outcome =
        std::panic::catch_unwind(AssertUnwindSafe(|| take_turns(network, reactor, shared)));
    let error = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("the network thread failed: {error}")),
        Err(panic) => Some(format!("the network thread panicked: {}", panic_text(&*panic))),
    };
    let mut batch = network.lock().unwrap_or_else(PoisonError::into_inner).end();
    batch.push(Event::Stopped(error.map(Into::into)));
    shared.lead.end();
    // A program may keep this server for as long as it likes, by one of its connections. Its
    // descriptors are closed now, and what wakes the program's event loop when that was woken.
    shared.end_waking();
    reactor.lock().unwrap_or_else(PoisonError::into_inner).poll = None;
    shared.inbox.deliver(&mut batch);
    shared.inbox.stop();
    shared.watch.end();
}

/// Runs until it was told to stop and every connection is closed.
fn take_turns(
    network: &Mutex<Network>,
    reactor: &Mutex<Reactor>,
    shared: &Shared,
) -> io::Result<()> {
    loop {
        shared.lead.stand_by();
        let mut reactor = lock(reactor)?;
        while shared.lead.is_with_network() {
            if !reactor.take_turn(network, None)? {
                return Ok(());
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> io::Result<MutexGuard<'_, T>> {
    mutex.lock().map_err(|_| io::Error::other("it panicked while the program led"))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Leaves every signal to the program's own threads.
fn block_signals() {
    #[cfg(unix)]
    // SAFETY: the set is initialised by sigfillset before use, and a null third argument is
    // allowed by pthread_sigmask.
    unsafe {
        let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), std::ptr::null_mut());
    }
}
