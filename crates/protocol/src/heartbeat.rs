//! Whether the peer is still there: it gets a ping when it has been quiet for an interval, and is
//! given up when it does not answer within a timeout.

use std::time::{Duration, Instant};

/// Whatever is received counts as a sign of life, so a busy peer gets no pings, and one in the
/// middle of a long message is not given up. The time to answer begins when the transport has the
/// ping, because a ping may wait behind a long answer to a slow reader.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heartbeat {
    /// Something was received at this time, and no ping is under way.
    Heard(Instant),
    /// A ping waits in the queue.
    Asking,
    /// The ping left at this time.
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

    /// When to ping, or to give the peer up. With an interval of `None` there are no pings.
    pub(crate) fn deadline(self, interval: Option<Duration>, timeout: Duration) -> Option<Instant> {
        match self {
            Self::Heard(since) => interval.and_then(|interval| since.checked_add(interval)),
            Self::Asking => None,
            Self::Asked(since) => since.checked_add(timeout),
        }
    }
}
