//! The figures of a run, for people and for programs.

use crate::run::{Load, Tally};

/// What was measured. A round trip lasts from the read that made its message due (the write
/// follows at once) to the read that brought its reply; every message counts, those of the warm-up
/// excepted.
pub(crate) struct Report {
    kind: &'static str,
    connections: usize,
    depth: usize,
    /// Payload bytes of a message.
    size: usize,
    seconds: f64,
    /// Right replies that arrived while it was measured.
    pub(crate) messages: u64,
    /// Replies that say that something went wrong; they are in none of the other figures.
    pub(crate) errors: u64,
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
}

impl Report {
    pub(crate) fn new(
        kind: &'static str,
        load: &Load,
        size: usize,
        seconds: f64,
        tally: &Tally,
    ) -> Self {
        let round_trips = &tally.round_trips;
        Self {
            kind,
            connections: load.connections,
            depth: load.depth,
            size,
            seconds,
            messages: round_trips.total(),
            errors: tally.errors,
            p50_us: float(round_trips.quantile(500)) / 1e3,
            p99_us: float(round_trips.quantile(990)) / 1e3,
            max_us: float(round_trips.max()) / 1e3,
        }
    }

    fn rate(&self) -> f64 {
        float(self.messages) / self.seconds
    }

    /// For programs or for people.
    pub(crate) fn to_string(&self, json: bool) -> String {
        if json { self.json() } else { self.text() }
    }

    /// One JSON object on one line.
    fn json(&self) -> String {
        format!(
            concat!(
                r#"{{"kind": "{}", "connections": {}, "depth": {}, "size": {}, "#,
                r#""seconds": {:.3}, "messages": {}, "messages_per_second": {:.1}, "errors": {}, "#,
                r#""p50_us": {:.3}, "p99_us": {:.3}, "max_us": {:.3}}}"#
            ),
            self.kind,
            self.connections,
            self.depth,
            self.size,
            self.seconds,
            self.messages,
            self.rate(),
            self.errors,
            self.p50_us,
            self.p99_us,
            self.max_us,
        )
    }

    /// The same in words.
    fn text(&self) -> String {
        format!(
            "{} connections x {} in flight, {} B {}: {:.0} messages/s in {:.2} s, {} errors\n\
             round trip: p50 {:.1} us, p99 {:.1} us, max {:.1} us",
            self.connections,
            self.depth,
            self.size,
            self.kind,
            self.rate(),
            self.seconds,
            self.errors,
            self.p50_us,
            self.p99_us,
            self.max_us,
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds stay below 2^53")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;
    use crate::opening::Target;
    use std::time::Duration;

    #[test]
    fn rates_and_round_trips_are_reported_in_their_units() {
        let mut tally = Tally { round_trips: Histogram::new(), errors: 1 };
        (0..10).for_each(|_| tally.round_trips.record(127));
        let load = Load {
            target: Target::parse("ws://h:1/").unwrap(),
            connections: 2,
            depth: 3,
            seconds: Duration::from_secs(2),
            warmup: Duration::ZERO,
            timeout: Duration::ZERO,
            announce: false,
        };
        let report = Report::new("text", &load, 64, 2.0, &tally);
        assert_eq!(
            report.json(),
            r#"{"kind": "text", "connections": 2, "depth": 3, "size": 64, "seconds": 2.000, "#
                .to_owned()
                + r#""messages": 10, "messages_per_second": 5.0, "errors": 1, "p50_us": 0.127, "#
                + r#""p99_us": 0.127, "max_us": 0.127}"#
        );
        assert!(report.text().contains("64 B text: 5 messages/s in 2.00 s, 1 errors"));
    }
}
