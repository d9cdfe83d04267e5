//! The contexts of a server, and how many of them connections may keep.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::deflater::Deflater;
use super::inflater::Inflater;

/// permessage-deflate of one server. Its connections share the contexts that they need only for a
/// moment, and all of them together keep a limited number.
///
/// A context for sending is 280 KiB, one for receiving 44 KiB. Beyond the limit for sending, each
/// message is compressed by itself, which no client notices. Beyond the limit for receiving,
/// clients are told in the opening handshake to compress each message by itself.
pub struct Compression {
    max_deflaters: usize,
    max_inflaters: usize,
    kept_deflaters: AtomicUsize,
    reserved_inflaters: AtomicUsize,
    spare_deflater: Mutex<Option<Deflater>>,
    spare_inflater: Mutex<Option<Inflater>>,
}

impl Compression {
    /// At most this many contexts are kept for sending and for receiving.
    pub fn new(max_deflaters: usize, max_inflaters: usize) -> Arc<Self> {
        Arc::new(Self {
            max_deflaters,
            max_inflaters,
            kept_deflaters: AtomicUsize::new(0),
            reserved_inflaters: AtomicUsize::new(0),
            spare_deflater: Mutex::default(),
            spare_inflater: Mutex::default(),
        })
    }

    /// A context that remembers nothing.
    pub(super) fn take_deflater(&self, window_bits: u8) -> Deflater {
        let spare = take(&self.spare_deflater);
        let fitting = spare.filter(|deflater| deflater.window_bits() == window_bits);
        fitting.unwrap_or_else(|| Deflater::new(window_bits))
    }

    pub(super) fn give_back_deflater(&self, mut deflater: Deflater) {
        if std::mem::take(&mut deflater.is_kept) {
            self.kept_deflaters.fetch_sub(1, Ordering::Relaxed);
        }
        deflater.reset();
        put(&self.spare_deflater, deflater);
    }

    /// Counts one more that is kept, if there is room.
    pub(super) fn may_keep_deflater(&self) -> bool {
        count_up(&self.kept_deflaters, self.max_deflaters)
    }

    /// A context that remembers nothing.
    pub(super) fn take_inflater(&self) -> Inflater {
        take(&self.spare_inflater).unwrap_or_else(Inflater::new)
    }

    pub(super) fn give_back_inflater(&self, mut inflater: Inflater) {
        inflater.reset();
        put(&self.spare_inflater, inflater);
    }

    /// Counts one more connection that keeps a context for receiving, if there is room.
    pub(super) fn reserve_inflater(&self) -> bool {
        count_up(&self.reserved_inflaters, self.max_inflaters)
    }

    pub(super) fn release_inflater(&self) {
        self.reserved_inflaters.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compression")
            .field("kept_deflaters", &self.kept_deflaters)
            .field("reserved_inflaters", &self.reserved_inflaters)
            .finish_non_exhaustive()
    }
}

fn count_up(count: &AtomicUsize, limit: usize) -> bool {
    let next = |count| (count < limit).then_some(count + 1);
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
}

fn take<T>(spare: &Mutex<Option<T>>) -> Option<T> {
    spare.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn put<T>(spare: &Mutex<Option<T>>, context: T) {
    *spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(context);
}
