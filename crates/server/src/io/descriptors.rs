//! The descriptors a forked child must not keep.
//!
//! `fork` copies descriptors but not threads: a child would have every socket of a server that no
//! thread serves there, and would keep peers connected after the parent is gone. So each socket is
//! listed here while it is open, and the child closes what is listed. The list stays locked through
//! the fork, so that no socket is open and not listed at that moment.

#[cfg(unix)]
use std::cell::RefCell;
use std::collections::HashSet;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

#[cfg(unix)]
use std::os::fd::{AsRawFd as AsDescriptor, RawFd as Descriptor};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket as AsDescriptor, RawSocket as Descriptor};

static OPEN: LazyLock<Mutex<HashSet<Descriptor>>> = LazyLock::new(|| {
    look_after_forks();
    Mutex::default()
});

#[cfg(unix)]
thread_local! {
    static FORKING: RefCell<Option<MutexGuard<'static, HashSet<Descriptor>>>> =
        const { RefCell::new(None) };
}

fn open() -> MutexGuard<'static, HashSet<Descriptor>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn descriptor(socket: &impl AsDescriptor) -> Descriptor {
    socket.as_raw_fd()
}

#[cfg(windows)]
fn descriptor(socket: &impl AsDescriptor) -> Descriptor {
    socket.as_raw_socket()
}

/// A socket that is listed for as long as it is open.
pub(crate) struct Listed<S: AsDescriptor>(Option<S>);

impl<S: AsDescriptor> Listed<S> {
    /// Opens a socket while no fork can happen.
    pub(crate) fn open<T>(make: impl FnOnce() -> io::Result<(S, T)>) -> io::Result<(Self, T)> {
        let mut open = open();
        let (socket, rest) = make()?;
        open.insert(descriptor(&socket));
        Ok((Self(Some(socket)), rest))
    }

    /// Takes over a socket that was opened elsewhere.
    pub(crate) fn adopt(socket: S) -> Self {
        open().insert(descriptor(&socket));
        Self(Some(socket))
    }
}

impl<S: AsDescriptor> Drop for Listed<S> {
    fn drop(&mut self) {
        let mut open = open();
        open.remove(&descriptor(&**self));
        self.0 = None;
    }
}

impl<S: AsDescriptor> Deref for Listed<S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.0.as_ref().expect("a listed socket is open until it is dropped")
    }
}

impl<S: AsDescriptor> DerefMut for Listed<S> {
    fn deref_mut(&mut self) -> &mut S {
        self.0.as_mut().expect("a listed socket is open until it is dropped")
    }
}

/// Has the system call the three functions below around every fork, on the thread that forks.
///
/// Python's own hooks would not do. Other threads may run between the first of them and the fork,
/// and one that then wanted the list while it has the GIL would never get it.
#[cfg(unix)]
fn look_after_forks() {
    // SAFETY: the three are functions for the life of the process, for Python unloads no module.
    // What they do is allowed in a child: they take, keep and drop a lock of the thread that
    // forks, allocate nothing there, and close descriptors.
    let failed = unsafe {
        libc::pthread_atfork(
            Some(before_fork),
            Some(after_fork_in_parent),
            Some(after_fork_in_child),
        )
    };
    assert_eq!(failed, 0, "no memory for a fork handler");
}

#[cfg(windows)]
fn look_after_forks() {
    // Windows has no fork.
}

#[cfg(unix)]
extern "C" fn before_fork() {
    FORKING.with_borrow_mut(|lock| *lock = Some(open()));
}

#[cfg(unix)]
extern "C" fn after_fork_in_parent() {
    FORKING.with_borrow_mut(|lock| *lock = None);
}

/// Closes the parent's sockets here.
#[cfg(unix)]
extern "C" fn after_fork_in_child() {
    FORKING.with_borrow_mut(|lock| {
        if let Some(mut open) = lock.take() {
            for descriptor in open.drain() {
                // SAFETY: the descriptor was open when the list was locked, it is a copy that
                // belongs to this process alone, and its Rust owner is never dropped here:
                // `Server` forgets it.
                unsafe { libc::close(descriptor) };
            }
        }
    });
}
