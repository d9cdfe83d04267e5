//! Telling of a stall when the program cannot.

use std::sync::Arc;
use std::time::Instant;

use stagedoor_protocol::{Kind, encode_frame};

use super::Network;

impl Network {
    /// Publishes the notices that were left for this case, unless the program was heard of
    /// meanwhile.
    pub(super) fn report_stall(&mut self, now: Instant) {
        self.report_at = None;
        let shared = Arc::clone(&self.shared);
        if shared.inbox.is_attended() || !shared.watch.report().is_asked {
            return;
        }
        let stalled = shared.watch.stalled_for();
        let place = shared.watch.place();
        let mut report = shared.watch.report();
        if !std::mem::take(&mut report.is_asked) {
            return; // The program speaks for itself now.
        }
        let frame = report.frame.as_ref().map_or(0, |frame| frame());
        for notice in &report.notices {
            if let Some(number) = self.groups.next_number(notice.group) {
                let text = notice.fill(number, frame, stalled, place.as_ref());
                self.publish(notice.group, encode_frame(Kind::Text, &text), true, now);
            }
        }
        report.told = report.notices.iter().map(|notice| notice.group).collect();
    }
}
