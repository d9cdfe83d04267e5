//! How much of one connection waits for the program, in constant work however many events it is.

/// What was read from one connection and not yet handled.
///
/// Events have positions: the sum of all weights up to their end, and the program handles them in
/// that order. So a connection needs to remember only where its own events end. They are merged
/// into two parts: the newer one grows while the program works through the older one. A part counts
/// in full until the program has handled all of it, so the sum is never less than what waits.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    older: Part,
    newer: Part,
}

#[derive(Debug, Default)]
struct Part {
    weight: usize,
    end: u64,
}

impl Backlog {
    /// Events of this weight were read, of which the last ends at this position.
    pub(crate) fn add(&mut self, weight: usize, end: u64) {
        let part = if self.older.weight == 0 { &mut self.older } else { &mut self.newer };
        part.weight += weight;
        part.end = end;
    }

    /// At most this weight waits when the program has come to this position.
    pub(crate) fn waiting(&mut self, handled: u64) -> usize {
        if self.older.end <= handled {
            self.older = std::mem::take(&mut self.newer);
            if self.older.end <= handled {
                self.older = Part::default();
            }
        }
        self.older.weight + self.newer.weight
    }

    /// The position at which less will wait, if anything does.
    pub(crate) fn next(&self) -> u64 {
        self.older.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handled_does_not_wait() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.waiting(0), 0);
        backlog.add(10, 10);
        assert_eq!(backlog.waiting(9), 10);
        assert_eq!(backlog.waiting(10), 0);
        backlog.add(5, 40);
        assert_eq!((backlog.waiting(10), backlog.next()), (5, 40));
    }

    #[test]
    fn the_older_part_is_done_while_the_newer_grows() {
        let mut backlog = Backlog::default();
        backlog.add(10, 10);
        backlog.add(10, 30);
        backlog.add(10, 60);
        assert_eq!((backlog.waiting(0), backlog.next()), (30, 10));
        assert_eq!((backlog.waiting(15), backlog.next()), (20, 60));
        backlog.add(5, 100);
        assert_eq!(backlog.waiting(60), 5);
        assert_eq!(backlog.waiting(100), 0);
    }

    #[test]
    fn never_less_is_counted_than_waits_and_in_the_end_nothing() {
        let mut backlog = Backlog::default();
        let mut own: Vec<(usize, u64)> = Vec::new();
        let (mut end, mut handled) = (0, 0);
        for step in 0..10_000_u64 {
            let weight = (step * 7919 % 13) as usize;
            end += weight as u64 + step % 5; // of others, too
            if weight > 0 {
                backlog.add(weight, end);
                own.push((weight, end));
            }
            handled = end.min(handled + step * 31 % 17);
            let waits: usize =
                own.iter().filter(|(_, end)| *end > handled).map(|(weight, _)| weight).sum();
            assert!(backlog.waiting(handled) >= waits);
            own.retain(|(_, end)| *end > handled);
        }
        assert_eq!(backlog.waiting(end), 0);
    }
}
