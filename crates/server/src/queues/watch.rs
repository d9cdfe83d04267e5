//! What the watch and the network thread tell each other of a stall.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::ids::GroupId;
use crate::io::place::Place;

/// How long the watch may take to get the GIL before the network thread speaks for it.
pub(crate) const GIL_PATIENCE: Duration = Duration::from_millis(400);

/// What the watch and the network thread share.
#[derive(Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    pub(crate) ended: Condvar,
    report: Mutex<Report>,
    #[cfg(unix)]
    dump: Mutex<Option<crate::io::dump::Dump>>,
}

pub(crate) struct State {
    pub(crate) is_ended: bool,
    /// When the watch saw the last attendance.
    pub(crate) attended_at: Instant,
    /// The thread that attended last.
    pub(crate) thread: Option<u64>,
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
    /// The number of the game's frame.
    pub(crate) frame: Option<FrameCounter>,
    /// The notices of the present stall are published.
    pub(crate) is_told: bool,
    /// The groups that were told of the present stall.
    pub(crate) told: Vec<GroupId>,
    /// Where the program was when somebody was told.
    pub(crate) place: Option<Place>,
}

/// Says which frame the game is in. The network thread calls it while the game holds the GIL, so it
/// must not need that.
pub type FrameCounter = Box<dyn Fn() -> u64 + Send>;

/// A message to a group. It is complete except for five values that are known only when it is sent:
/// its number in the group, the time (seconds since the epoch), the number of the frame, how long
/// the stall has lasted (seconds), and where the game is (an object, or null).
#[derive(Clone, Debug)]
pub struct Notice {
    /// The group it goes to.
    pub group: GroupId,
    /// The JSON text around those five values.
    pub pieces: [Vec<u8>; 6],
}

impl Notice {
    pub(crate) fn fill(
        &self,
        number: u64,
        frame: u64,
        stalled: Duration,
        place: Option<&Place>,
    ) -> Vec<u8> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let fields = [
            number.to_string(),
            format!("{:.3}", now.as_secs_f64()),
            frame.to_string(),
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
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the watch: there is nothing to watch any more.
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

    #[cfg(unix)]
    pub(crate) fn set_dump(&self, dump: Option<crate::io::dump::Dump>) {
        *self.dump.lock().unwrap_or_else(PoisonError::into_inner) = dump;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_filled_in_order() {
        let pieces = ["{\"n\":", ",\"t\":", ",\"f\":", ",\"for\":", ",\"where\":", "}"];
        let notice =
            Notice { group: 1.into(), pieces: pieces.map(|piece| piece.as_bytes().to_vec()) };
        let place = Place { file: "a.py".into(), line: 3, function: "f".into() };
        let text = notice.fill(7, 30, Duration::from_millis(1250), Some(&place));
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.starts_with("{\"n\":7,\"t\":"), "{text}");
        let end =
            ",\"f\":30,\"for\":1.250,\"where\":{\"file\":\"a.py\",\"line\":3,\"function\":\"f\"}}";
        assert!(text.ends_with(end), "{text}");
        let text = notice.fill(1, 0, Duration::ZERO, None);
        assert!(text.ends_with(b",\"f\":0,\"for\":0.000,\"where\":null}"));
    }
}
