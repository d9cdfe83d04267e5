//! `Studio`: a thread that encodes pictures, in the order in which they come.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::encode::{Encoded, encode};
use crate::picture::Picture;
use crate::shot::{Error, Shot};

/// The most pictures that wait for the thread.
pub const MAX_WAITING: usize = 8;

/// Too many pictures wait, or there is no thread to be had.
#[derive(Debug, PartialEq, Eq)]
pub struct Busy;

/// One picture that is to be encoded, and then the outcome. Any thread may ask.
pub struct Order {
    picture: Mutex<Option<Arc<Picture>>>,
    shot: Shot,
    most: usize,
    as_json: bool,
    is_cancelled: AtomicBool,
    is_done: AtomicBool,
    outcome: Mutex<Option<(Result<Encoded, Error>, Duration)>>,
}

impl Order {
    /// Whether the outcome is there.
    pub fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// Nobody waits for it: it is not begun any more, and what was made is let go of.
    pub fn cancel(&self) {
        let mut outcome = self.outcome();
        self.is_cancelled.store(true, Ordering::Relaxed);
        if let Some(made) = &mut *outcome {
            *made = (Err(Error::Cancelled), made.1);
        }
    }

    /// Takes the outcome, and how long the thread has worked on it. `None`: it is not done, or was
    /// taken.
    pub fn take(&self) -> Option<(Result<Encoded, Error>, Duration)> {
        self.outcome().take()
    }

    fn outcome(&self) -> MutexGuard<'_, Option<(Result<Encoded, Error>, Duration)>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encode(&self, picture: &Picture) -> Result<Encoded, Error> {
        let mut encoded = encode(picture, &self.shot, self.most)?;
        if self.as_json {
            encoded.bytes = encoded.to_json();
        }
        Ok(encoded)
    }

    fn carry_out(&self) {
        let picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner).take();
        let began = Instant::now();
        let outcome = match picture {
            Some(picture) if !self.is_cancelled.load(Ordering::Relaxed) => {
                let work = AssertUnwindSafe(|| self.encode(&picture));
                std::panic::catch_unwind(work)
                    .unwrap_or_else(|_| Err(Error::Failed("the encoder panicked".to_owned())))
            }
            _ => Err(Error::Cancelled),
        };
        let mut kept = self.outcome();
        let is_wanted = !self.is_cancelled.load(Ordering::Relaxed);
        let outcome = if is_wanted { outcome } else { Err(Error::Cancelled) };
        *kept = Some((outcome, began.elapsed()));
        drop(kept);
        self.is_done.store(true, Ordering::Release);
    }
}

/// A thread that encodes pictures. It begins with the first picture, and ends with the studio: what
/// waits then is not begun.
#[derive(Default)]
pub struct Studio {
    queue: Mutex<Option<SyncSender<Arc<Order>>>>,
    is_closed: Arc<AtomicBool>,
}

impl Studio {
    /// Has a picture encoded, in `most` bytes at most. Never blocks. `as_json`: the outcome's bytes
    /// are those of [`Encoded::to_json`].
    pub fn order(
        &self,
        picture: Arc<Picture>,
        shot: Shot,
        most: usize,
        as_json: bool,
    ) -> Result<Arc<Order>, Busy> {
        let order = Arc::new(Order {
            picture: Mutex::new(Some(picture)),
            shot,
            most,
            as_json,
            is_cancelled: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
            outcome: Mutex::new(None),
        });
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(Busy);
        }
        if queue.is_none() {
            *queue = Some(self.begin()?);
        }
        match queue.as_ref().map(|queue| queue.try_send(Arc::clone(&order))) {
            Some(Ok(())) => Ok(order),
            Some(Err(TrySendError::Full(_))) => Err(Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => {
                *queue = None;
                Err(Busy)
            }
        }
    }

    fn begin(&self) -> Result<SyncSender<Arc<Order>>, Busy> {
        let (queue, orders) = sync_channel(MAX_WAITING);
        let is_closed = Arc::clone(&self.is_closed);
        let work = move || carry_out_all(&orders, &is_closed);
        let begun = thread::Builder::new().name("stagedoor-pictures".to_owned()).spawn(work);
        begun.map(|_| queue).map_err(|_| Busy)
    }

    /// Ends the thread, when it is done with the picture that it works on. Does not block.
    pub fn close(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_closed.store(true, Ordering::Relaxed);
        *queue = None;
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.close();
    }
}

fn carry_out_all(orders: &Receiver<Arc<Order>>, is_closed: &AtomicBool) {
    block_signals();
    while let Ok(order) = orders.recv() {
        if is_closed.load(Ordering::Relaxed) {
            order.cancel();
        }
        order.carry_out();
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Layout, Pixels};
    use crate::shot::{Format, Size};

    const SHOT: Shot = Shot { format: Format::Png, rectangle: None, width: None };

    fn picture_of(pixels: Pixels) -> Arc<Picture> {
        let size = Size { width: 4, height: 4 };
        Arc::new(Picture::new(size, 16, Layout::Bgrx, false, pixels).unwrap())
    }

    fn picture() -> Arc<Picture> {
        picture_of(Box::new(vec![0; 64]))
    }

    fn done(order: &Order) -> Result<Encoded, Error> {
        while !order.is_done() {
            thread::yield_now();
        }
        order.take().unwrap().0
    }

    /// Pixels that the thread cannot read before they are let go.
    struct Slow(Arc<Mutex<()>>);

    impl AsRef<[u8]> for Slow {
        fn as_ref(&self) -> &[u8] {
            if thread::current().name() == Some("stagedoor-pictures") {
                drop(self.0.lock());
            }
            &[0; 64]
        }
    }

    #[test]
    fn what_is_ordered_is_done_once_in_order() {
        let studio = Studio::default();
        let orders: Vec<_> = (0..MAX_WAITING)
            .map(|_| studio.order(picture(), SHOT, 1 << 20, false).unwrap())
            .collect();
        for order in &orders {
            assert_eq!(done(order).unwrap().size, Size { width: 4, height: 4 });
            assert!(order.take().is_none(), "it was taken");
        }
    }

    #[test]
    fn few_pictures_wait_and_those_cancelled_are_not_begun() {
        let studio = Studio::default();
        let gate = Arc::new(Mutex::new(()));
        let shut = gate.lock().unwrap();
        let first =
            studio.order(picture_of(Box::new(Slow(Arc::clone(&gate)))), SHOT, 99, false).unwrap();
        let mut waiting = Vec::new();
        // The thread may not have taken the first one yet.
        while let Ok(order) = studio.order(picture(), SHOT, 1 << 20, false) {
            waiting.push(order);
            assert!(waiting.len() <= MAX_WAITING);
        }
        assert!(waiting.len() >= MAX_WAITING - 1);
        assert!(!first.is_done());
        waiting[0].cancel();
        drop(shut);
        assert_eq!(done(&waiting[0]).unwrap_err(), Error::Cancelled);
        assert!(done(&waiting[1]).is_ok());
    }

    #[test]
    fn what_was_made_for_nobody_is_let_go_of() {
        let studio = Studio::default();
        let order = studio.order(picture(), SHOT, 1 << 20, false).unwrap();
        while !order.is_done() {
            thread::yield_now();
        }
        order.cancel();
        assert_eq!(order.take().unwrap().0.unwrap_err(), Error::Cancelled);
        let gate = Arc::new(Mutex::new(()));
        let shut = gate.lock().unwrap();
        let slow = picture_of(Box::new(Slow(Arc::clone(&gate))));
        let order = studio.order(slow, SHOT, 1 << 20, false).unwrap();
        while order.picture.lock().unwrap().is_some() {
            thread::yield_now();
        }
        order.cancel();
        drop(shut);
        assert_eq!(done(&order).unwrap_err(), Error::Cancelled);
    }

    #[test]
    fn after_the_end_nothing_is_begun_and_nobody_waits_for_ever() {
        let studio = Studio::default();
        let gate = Arc::new(Mutex::new(()));
        let shut = gate.lock().unwrap();
        let slow = || picture_of(Box::new(Slow(Arc::clone(&gate))));
        let orders: Vec<_> =
            (0..3).map(|_| studio.order(slow(), SHOT, 1 << 20, false).unwrap()).collect();
        studio.close();
        assert_eq!(studio.order(picture(), SHOT, 1 << 20, false).err(), Some(Busy));
        drop(shut);
        assert_eq!(done(&orders[2]).unwrap_err(), Error::Cancelled);
    }

    #[test]
    fn a_picture_that_cannot_be_encoded_ends_with_its_error_and_the_next_one_is_done() {
        let studio = Studio::default();
        let failing = studio.order(picture(), SHOT, 3, true).unwrap();
        let order = studio.order(picture(), SHOT, 1 << 20, true).unwrap();
        assert_eq!(done(&failing).unwrap_err(), Error::TooLarge(3));
        assert_eq!(done(&order).unwrap().bytes[0], b'"');
    }
}
