//! Refused clients, for the program's log: at most one line a minute for each reason.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::close_code::{NOT_AUTHENTICATED, TOO_MANY_FAILURES};

/// Each reason is logged once in this time.
const PAUSE: Duration = Duration::from_secs(60);
/// The HTTP statuses and close codes that are logged: limits, and attempts to get in. A request
/// that is merely not a WebSocket request is not logged.
const LOGGED: [u16; 8] = [401, 403, 414, 429, 431, 503, NOT_AUTHENTICATED, TOO_MANY_FAILURES];

/// Writes the lines. Refusals between two lines are counted, and the next line says how many.
#[derive(Default)]
pub(crate) struct Refusals([Row; LOGGED.len()]);

#[derive(Default)]
struct Row {
    /// Until then nothing is logged.
    quiet_until: Option<Instant>,
    unlogged: u64,
}

impl Refusals {
    /// The line for this refusal, if it is time for one. `reason` is never a text of the client's.
    pub(crate) fn line(
        &mut self,
        code: u16,
        reason: &str,
        client: SocketAddr,
        now: Instant,
    ) -> Option<String> {
        let at = LOGGED.iter().position(|logged| *logged == code)?;
        let row = &mut self.0[at];
        if row.quiet_until.is_some_and(|until| now < until) {
            row.unlogged += 1;
            return None;
        }
        row.quiet_until = Some(now + PAUSE);
        let more = match std::mem::take(&mut row.unlogged) {
            0 => String::new(),
            unlogged => format!(" ({unlogged} more like this before, not logged)"),
        };
        Some(format!("{client} was refused with {code}: {reason}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_logged_once_a_minute_and_the_others_are_counted() {
        let start = Instant::now();
        let client = SocketAddr::from(([127, 0, 0, 1], 5000));
        let mut refusals = Refusals::default();
        let mut line = |code, seconds| {
            let now = start + Duration::from_secs(seconds);
            refusals.line(code, "full", client, now)
        };
        assert_eq!(line(503, 0).as_deref(), Some("127.0.0.1:5000 was refused with 503: full"));
        assert_eq!(line(503, 1), None);
        assert_eq!(line(503, 59), None);
        assert!(line(401, 59).is_some());
        let later = line(503, 60).expect("a minute has passed");
        assert!(later.ends_with("full (2 more like this before, not logged)"), "{later}");
        assert_eq!(line(400, 60), None, "no WebSocket request");
    }
}
