//! Telling of a stall when the program cannot.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stagedoor_protocol::{Kind, encode_frame};

use super::Network;
use crate::io::place::Place;

/// How often clients are told by a ping that the program hangs.
const AGAIN: Duration = Duration::from_millis(250);
/// What fits into a ping (RFC 6455, section 5.5).
const PING_SIZE: usize = 125;
/// Stands for what is left out of a place.
const CUT: &str = "...";

impl Network {
    /// Publishes the notices that were left for this case, and pings the clients as long as it
    /// lasts, unless the program was heard of meanwhile.
    pub(super) fn report_stall(&mut self, now: Instant) {
        self.report_at = None;
        let shared = Arc::clone(&self.shared);
        let report = shared.watch.report();
        let (is_asked, is_told) = (report.is_asked, report.is_told);
        // Only when somebody is there to be told: stacks are walked for that.
        let must_look = report.place.is_none() && !self.peers.is_empty();
        drop(report);
        if shared.inbox.is_attended() || !is_asked {
            return;
        }
        let stalled = shared.watch.stalled_for();
        let place = if must_look { shared.watch.place() } else { None };
        let mut report = shared.watch.report();
        if !report.is_asked {
            return; // The program speaks for itself now.
        }
        if must_look {
            report.place = place;
        }
        self.report_at = Some(now + AGAIN);
        if is_told {
            let text = in_a_ping(stalled, report.place.as_ref());
            drop(report);
            self.ping_all(text.as_bytes());
            return;
        }
        let frame = report.frame.as_ref().map_or(0, |frame| frame());
        for notice in &report.notices {
            if let Some(number) = self.groups.next_number(notice.group) {
                let text = notice.fill(number, frame, stalled, report.place.as_ref());
                self.publish(notice.group, encode_frame(Kind::Text, &text), true, None, now);
            }
        }
        report.told = report.notices.iter().map(|notice| notice.group).collect();
        report.is_told = true;
    }

    fn ping_all(&mut self, payload: &[u8]) {
        for (slot, peer) in &mut self.peers {
            if peer.ping(payload) && !std::mem::replace(&mut peer.is_dirty, true) {
                self.dirty.push(slot);
            }
        }
    }
}

/// As in `stalled 12.345 in game.py:12, in load`; of a long place the end.
fn in_a_ping(stalled: Duration, place: Option<&Place>) -> String {
    let mut text = format!("stalled {:.3}", stalled.as_secs_f64());
    let Some(place) = place else { return text };
    text.push_str(" in ");
    let place = format!("{}:{}, in {}", place.file, place.line, place.function);
    let room = PING_SIZE - text.len();
    if place.len() <= room {
        return text + &place;
    }
    let from = place.len() - (room - CUT.len());
    let from = (from..place.len()).find(|&at| place.is_char_boundary(at)).unwrap_or(place.len());
    text + CUT + &place[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_says_for_how_long_and_where_as_far_as_it_has_room() {
        let stalled = Duration::from_millis(12_345);
        assert_eq!(in_a_ping(stalled, None), "stalled 12.345");
        let mut place = Place { file: "game.py".into(), line: 12, function: "load".into() };
        assert_eq!(in_a_ping(stalled, Some(&place)), "stalled 12.345 in game.py:12, in load");
        for long in ["a".repeat(1000), "\u{e9}".repeat(500), "\u{1f389}".repeat(300)] {
            place.file = long;
            let text = in_a_ping(stalled, Some(&place));
            assert!((PING_SIZE - 3..=PING_SIZE).contains(&text.len()), "{text}");
            assert!(text.starts_with("stalled 12.345 in ...") && text.ends_with(":12, in load"));
        }
        place.function = "f".repeat(1000);
        assert_eq!(in_a_ping(Duration::from_secs(u64::MAX), Some(&place)).len(), PING_SIZE);
    }
}
