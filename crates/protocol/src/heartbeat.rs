//! Is the peer still there? When it has been quiet for an interval, ask; when it does not answer
//! within a timeout, give it up.

use std::time::{Duration, Instant};

/// Whatever is received counts as a sign of life, so that a busy peer is never asked, and one
/// that is in the middle of a long message is not given up. The time to answer begins when the
/// ping has been handed to the transport: a ping behind a long answer to a slow reader waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heartbeat {
    /// Something was received then; nothing is asked.
    Heard(Instant),
    /// A ping waits in the queue.
    Asking,
    /// The ping left then.
    Asked(Instant),
}

impl Heartbeat {
    /// Something was received.
    pub(crate) fn heard(&mut self, now: Instant) {
        *self = Self::Heard(now);
    }

    /// The queue of control frames is empty.
    pub(crate) fn left(&mut self, now: Instant) {
        if matches!(self, Self::Asking) {
            *self = Self::Asked(now);
        }
    }

    /// When to ask, or to give up. An interval of `None` never asks.
    pub(crate) fn deadline(self, interval: Option<Duration>, timeout: Duration) -> Option<Instant> {
        match self {
            Self::Heard(since) => interval.and_then(|interval| since.checked_add(interval)),
            Self::Asking => None,
            Self::Asked(since) => since.checked_add(timeout),
        }
    }
}
