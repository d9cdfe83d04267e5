//! Noticing that the game does not come to poll, and telling its clients when Python cannot.
//!
//! One thread of the program, the watch, sleeps in [`Server::wait_stalled`]: a look at the
//! attendance twenty times in each threshold, and nothing in the way of who polls but the store that
//! [`Server::attend`] makes. When it has returned, it says so as soon as it has the GIL
//! ([`Server::acknowledge_stall`]). If it has not within [`GIL_PATIENCE`], the game holds the GIL,
//! and the network thread publishes the [`Notice`]s that the program has left here beforehand.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::groups::GroupId;
use crate::outbox::Command;
use crate::place::Place;
use crate::server::Server;

/// How long the watch may take to get the GIL before the network thread speaks for it.
pub(crate) const GIL_PATIENCE: Duration = Duration::from_millis(400);
/// Looks at the attendance in each threshold.
const LOOKS: u32 = 20;
/// Looks in vain that make a stall: a process that was stopped for a while, and its clock was
/// not, has looked once.
const LOOKS_IN_VAIN: u32 = 16;
/// How often the watch looks whether something came while the game is stalled.
const NAP: Duration = Duration::from_millis(20);

/// What the watch and the network thread share.
#[derive(Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    ended: Condvar,
    report: Mutex<Report>,
    #[cfg(unix)]
    dump: Mutex<Option<crate::dump::Dump>>,
}

struct State {
    is_ended: bool,
    /// When the watch saw the last attendance.
    attended_at: Instant,
    /// The thread that attended last.
    thread: Option<u64>,
}

impl Default for State {
    fn default() -> Self {
        Self { is_ended: false, attended_at: Instant::now(), thread: None }
    }
}

/// What the network thread says when the watch cannot.
#[derive(Default)]
pub(crate) struct Report {
    /// The watch has returned to the program and has not been heard of since.
    pub(crate) is_asked: bool,
    pub(crate) notices: Vec<Notice>,
    /// The groups that were told of the stall that goes on.
    pub(crate) told: Vec<GroupId>,
}

/// A message to a group, whole but for what is known only when it is sent: the pieces around its
/// number in the group, the time (seconds since the epoch), how long the stall lasts (seconds),
/// and where the game is (an object, or null).
#[derive(Clone, Debug)]
pub struct Notice {
    /// Whom it is for.
    pub group: GroupId,
    /// JSON text without those four.
    pub pieces: [Vec<u8>; 5],
}

impl Notice {
    pub(crate) fn fill(&self, number: u64, stalled: Duration, place: Option<&Place>) -> Vec<u8> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let fields = [
            number.to_string(),
            format!("{:.3}", now.as_secs_f64()),
            format!("{:.3}", stalled.as_secs_f64()),
            place.map_or_else(|| "null".to_owned(), Place::to_json),
        ];
        let mut text = self.pieces[0].clone();
        for (field, piece) in fields.iter().zip(&self.pieces[1..]) {
            text.extend_from_slice(field.as_bytes());
            text.extend_from_slice(piece);
        }
        text
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is nothing to watch any more.
    pub(crate) fn end(&self) {
        self.lock().is_ended = true;
        self.ended.notify_all();
    }

    pub(crate) fn stalled_for(&self) -> Duration {
        self.lock().attended_at.elapsed()
    }

    /// Network thread: where the game is, found out without the GIL.
    pub(crate) fn place(&self) -> Option<Place> {
        #[cfg(unix)]
        {
            let thread = self.lock().thread?;
            let dump = self.dump.lock().unwrap_or_else(PoisonError::into_inner);
            Place::in_dump(&dump.as_ref()?.take(), thread)
        }
        #[cfg(not(unix))]
        None
    }
}

impl Server {
    /// Blocks until the program has not polled for this long (true), or there is nothing to watch
    /// any more (false). Who returns with true is to call [`Server::acknowledge_stall`].
    pub fn wait_stalled(&self, threshold: Duration) -> bool {
        let (watch, inbox) = (&self.shared.watch, &self.shared.inbox);
        let mut in_vain = 0;
        let mut state = watch.lock();
        while !state.is_ended {
            if let Some(thread) = inbox.attendance() {
                state.attended_at = Instant::now();
                state.thread = Some(thread);
                in_vain = 0;
            } else if in_vain >= LOOKS_IN_VAIN && state.attended_at.elapsed() >= threshold {
                drop(state);
                self.ask_for_report();
                return true;
            } else if in_vain >= LOOKS / 2 {
                // An event loop that waits for us is not stalled, if it reacts.
                inbox.nudge();
            }
            in_vain += 1;
            let nap = watch.ended.wait_timeout(state, threshold / LOOKS);
            state = nap.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn ask_for_report(&self) {
        let mut report = self.shared.watch.report();
        if !report.notices.is_empty() {
            report.is_asked = true;
            drop(report);
            self.command(|outbox| outbox.commands.push(Command::Alarm));
        }
    }

    /// The watch has the GIL and speaks for itself. Gives the groups that the network thread has
    /// told meanwhile.
    pub fn acknowledge_stall(&self) -> Vec<GroupId> {
        let mut report = self.shared.watch.report();
        report.is_asked = false;
        std::mem::take(&mut report.told)
    }

    /// Blocks while the game is stalled, until something has come for it, or for this long: `None`.
    /// When the stall is over, gives how long it was, and whether the game polls; else there is
    /// nothing to watch any more.
    pub fn wait_back(&self, timeout: Duration) -> Option<(Duration, bool)> {
        let (watch, inbox) = (&self.shared.watch, &self.shared.inbox);
        let until = Instant::now() + timeout;
        let mut state = watch.lock();
        loop {
            let is_back = inbox.is_attended();
            if is_back || state.is_ended {
                return Some((state.attended_at.elapsed(), is_back));
            }
            let left = until.saturating_duration_since(Instant::now());
            if inbox.pending() || left.is_zero() {
                return None;
            }
            let nap = watch.ended.wait_timeout(state, left.min(NAP));
            state = nap.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// For how long the program has not polled, as far as the watch has noticed.
    pub fn stalled_for(&self) -> Duration {
        self.shared.watch.stalled_for()
    }

    /// Whether the program has polled since the watch last looked.
    pub fn is_attended(&self) -> bool {
        self.shared.inbox.is_attended()
    }

    /// The thread that polled last, as the watch knows; on Windows that is not found out.
    pub fn attendant(&self) -> Option<u64> {
        if cfg!(unix) { self.shared.watch.lock().thread } else { None }
    }

    /// Ends the watch: [`Server::wait_stalled`] and [`Server::wait_back`] return.
    pub fn end_watch(&self) {
        self.shared.watch.end();
    }

    /// What the network thread says of a stall if the watch cannot get the GIL; replaces what was
    /// left before.
    pub fn set_stall_notices(&self, notices: Vec<Notice>) {
        self.shared.watch.report().notices = notices;
    }

    /// How the network thread finds out where the game is; waits until the one before is not in
    /// use.
    #[cfg(unix)]
    pub fn set_dump(&self, dump: Option<crate::dump::Dump>) {
        *self.shared.watch.dump.lock().unwrap_or_else(PoisonError::into_inner) = dump;
    }
}

/// The calling thread, by the number that Python gives it, too; never 0.
#[cfg(unix)]
pub(crate) fn current_thread() -> u64 {
    // SAFETY: it has no preconditions.
    unsafe { libc::pthread_self() as u64 }
}

/// Somebody: Windows has no use for the thread.
#[cfg(not(unix))]
pub(crate) fn current_thread() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_filled_in_order() {
        let pieces = ["{\"n\":", ",\"t\":", ",\"for\":", ",\"where\":", "}"];
        let notice =
            Notice { group: 1.into(), pieces: pieces.map(|piece| piece.as_bytes().to_vec()) };
        let place = Place { file: "a.py".into(), line: 3, function: "f".into() };
        let text = notice.fill(7, Duration::from_millis(1250), Some(&place));
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.starts_with("{\"n\":7,\"t\":"), "{text}");
        let end = ",\"for\":1.250,\"where\":{\"file\":\"a.py\",\"line\":3,\"function\":\"f\"}}";
        assert!(text.ends_with(end), "{text}");
        let text = notice.fill(1, Duration::ZERO, None);
        assert!(text.ends_with(b",\"for\":0.000,\"where\":null}"));
    }
}
