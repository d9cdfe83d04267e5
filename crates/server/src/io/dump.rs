//! The stacks of the program's threads, written by a signal handler that needs no GIL.

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use super::descriptors::Listed;

/// A signal whose handler writes to a pipe where every thread is (`faulthandler.register`), and
/// the pipe's other end, non-blocking like the one that is written to.
///
/// The thread that wants to know raises the signal on itself: raised on the process, or on the
/// thread in question, it would interrupt that thread's sleep. All other signals stay blocked on
/// the thread that raises it, and this one is, too, except for that moment.
pub struct Dump {
    signal: i32,
    handler: usize,
    pipe: Listed<File>,
}

impl Dump {
    /// A signal that nothing in this process handles, and that nobody is known to use.
    pub fn free_signal() -> Option<i32> {
        candidates().find(|&signal| handler_of(signal) == Some(libc::SIG_DFL))
    }

    /// Make it when the handler is in place, and drop it before the handler is removed.
    pub fn new(signal: i32, pipe: OwnedFd) -> Self {
        let handler = handler_of(signal).unwrap_or(libc::SIG_DFL);
        Self { signal, handler, pipe: Listed::adopt(File::from(pipe)) }
    }

    /// What the handler writes; nothing if the signal has another handler now.
    pub(crate) fn take(&self) -> String {
        self.read(); // what it wrote when somebody else raised the signal
        if self.handler == libc::SIG_DFL || handler_of(self.signal) != Some(self.handler) {
            return String::new();
        }
        raise_here(self.signal);
        self.read()
    }

    fn read(&self) -> String {
        let mut text = Vec::new();
        // This ends with an error, because the pipe has no more for now.
        let _ = (&*self.pipe).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(target_os = "linux")]
fn candidates() -> impl Iterator<Item = i32> {
    // Programs that use them begin with the lowest.
    (libc::SIGRTMIN()..=libc::SIGRTMAX()).rev()
}

#[cfg(target_vendor = "apple")]
fn candidates() -> impl Iterator<Item = i32> {
    [libc::SIGEMT, libc::SIGINFO].into_iter()
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn candidates() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

fn handler_of(signal: i32) -> Option<usize> {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null second argument only asks; the third is written where this succeeds.
    unsafe {
        let failed = libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) != 0;
        (!failed).then(|| action.assume_init().sa_sigaction)
    }
}

/// Has the handler run on this thread, where the signal is blocked, before this returns.
fn raise_here(signal: i32) {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is initialised by sigemptyset before use. A signal that a thread sends to
    // itself while it is not blocked is delivered before pthread_kill returns (POSIX, kill()).
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut());
        libc::pthread_kill(libc::pthread_self(), signal);
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::pipe;
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::sync::atomic::{AtomicI32, Ordering};

    use super::*;

    static PIPE: AtomicI32 = AtomicI32::new(-1);

    extern "C" fn write_there(_: i32) {
        let text = b"here";
        // SAFETY: write is safe in a signal handler; the buffer is as long as it says.
        unsafe { libc::write(PIPE.load(Ordering::SeqCst), text.as_ptr().cast(), text.len()) };
    }

    fn set_handler(signal: i32, handler: usize) {
        // SAFETY: write_there may be called at any time; SIG_DFL always may be set.
        unsafe { libc::signal(signal, handler) };
    }

    #[test]
    fn the_handler_runs_on_this_thread_and_what_it_writes_is_read() {
        let (reader, writer) = pipe().expect("a pipe");
        // SAFETY: the descriptor is open.
        unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
        PIPE.store(writer.into_raw_fd(), Ordering::SeqCst);
        let signal = Dump::free_signal().expect("a signal");
        set_handler(signal, write_there as extern "C" fn(i32) as usize);
        assert_ne!(Dump::free_signal(), Some(signal), "it is taken");
        let dump = Dump::new(signal, reader.into());
        assert_eq!(dump.take(), "here");
        assert_eq!(dump.take(), "here", "again");
        set_handler(signal, libc::SIG_DFL);
        assert_eq!(dump.take(), "", "not raised: it would end the process");
    }
}
