//! Who was refused, for the program's log: no more than a line a minute for each reason.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::close_code::{NOT_AUTHENTICATED, TOO_MANY_FAILURES};
use crate::queues::event::{Batch, Event};

/// One reason is told once in this time.
const PAUSE: Duration = Duration::from_secs(60);
/// HTTP statuses and close codes of refusals that are told: limits, and attempts to get in. What is
/// merely no WebSocket request is not.
const TOLD: [u16; 8] = [401, 403, 414, 429, 431, 503, NOT_AUTHENTICATED, TOO_MANY_FAILURES];

/// Tells the program of refusals; those in between are counted, and told with the next.
#[derive(Default)]
pub(crate) struct Refusals([Row; TOLD.len()]);

#[derive(Default)]
struct Row {
    /// Until then nothing is told.
    quiet_until: Option<Instant>,
    untold: u64,
}

impl Refusals {
    /// `reason` is one of few texts, none of them the client's.
    pub(crate) fn tell(
        &mut self,
        code: u16,
        reason: &str,
        whom: SocketAddr,
        now: Instant,
        batch: &mut Batch,
    ) {
        let Some(at) = TOLD.iter().position(|told| *told == code) else { return };
        let row = &mut self.0[at];
        if row.quiet_until.is_some_and(|until| now < until) {
            row.untold += 1;
            return;
        }
        row.quiet_until = Some(now + PAUSE);
        let more = match std::mem::take(&mut row.untold) {
            0 => String::new(),
            untold => format!(" ({untold} more like this before, not logged)"),
        };
        let text = format!("{whom} was refused with {code}: {reason}{more}");
        batch.push(Event::Refused(text.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told_once_a_minute_and_the_others_are_counted() {
        let start = Instant::now();
        let whom = SocketAddr::from(([127, 0, 0, 1], 5000));
        let mut refusals = Refusals::default();
        let mut batch = Batch::default();
        let mut tell = |code, seconds| {
            let now = start + Duration::from_secs(seconds);
            refusals.tell(code, "full", whom, now, &mut batch);
            batch.events.pop().map(|event| match event {
                Event::Refused(text) => text.into_string(),
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(tell(503, 0).as_deref(), Some("127.0.0.1:5000 was refused with 503: full"));
        assert_eq!(tell(503, 1), None);
        assert_eq!(tell(503, 59), None);
        assert!(tell(401, 59).is_some());
        let later = tell(503, 60).expect("a minute has passed");
        assert!(later.ends_with("full (2 more like this before, not logged)"), "{later}");
        assert_eq!(tell(400, 60), None, "no WebSocket request");
    }
}
