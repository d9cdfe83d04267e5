//! The network thread, from its start to its end.

use std::io::{self, ErrorKind};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::{Events, Poll};

use crate::event::Event;
use crate::network::Network;
use crate::shared::Shared;

/// The thread's body: whatever happens, the program gets a last event.
pub(crate) fn run(network: &Mutex<Network>, poll: &mut Poll, shared: &Shared) {
    block_signals();
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| take_turns(network, poll)));
    let error = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("the network thread failed: {error}")),
        Err(panic) => Some(format!("the network thread panicked: {}", panic_text(&*panic))),
    };
    let mut batch = network.lock().unwrap_or_else(PoisonError::into_inner).end();
    batch.push(Event::Stopped(error.map(Into::into)));
    shared.inbox.deliver(&mut batch);
    shared.inbox.stop();
    shared.watch.end();
}

/// Runs until it was told to stop and every connection is closed.
fn take_turns(network: &Mutex<Network>, poll: &mut Poll) -> io::Result<()> {
    let mut events = Events::with_capacity(1024);
    let mut awake = lock(network)?;
    while !awake.is_done() {
        let nap = awake.fall_asleep();
        drop(awake);
        let polled = poll.poll(&mut events, nap);
        awake = lock(network)?;
        let now = awake.wake_up();
        match polled {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => awake.take_turn(&events, now),
        }
    }
    Ok(())
}

fn lock(network: &Mutex<Network>) -> io::Result<MutexGuard<'_, Network>> {
    network.lock().map_err(|_| io::Error::other("it panicked on the program's thread"))
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
