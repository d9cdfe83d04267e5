//! The last elements of a sequence.

/// Keeps the last `capacity` elements that were pushed. Positions count from 0 for ever, so a
/// position always means the same element, or none.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    elements: Vec<T>,
    capacity: usize,
    pushed: u64,
}

impl<T> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        // Memory that is not written to yet costs nothing; growing would copy it inside a frame.
        Self { elements: Vec::with_capacity(capacity), capacity, pushed: 0 }
    }

    pub(crate) fn push(&mut self, element: T) {
        if self.elements.len() < self.capacity {
            self.elements.push(element);
        } else {
            let at = self.index(self.pushed);
            self.elements[at] = element;
        }
        self.pushed += 1;
    }

    /// The position after the last.
    pub(crate) fn end(&self) -> u64 {
        self.pushed
    }

    /// The elements in this range of positions that are still kept, oldest first.
    pub(crate) fn range(&self, from: u64, to: u64) -> impl DoubleEndedIterator<Item = &T> {
        let oldest = self.pushed - self.elements.len() as u64;
        let to = to.min(self.pushed);
        (from.max(oldest).min(to)..to).map(|position| &self.elements[self.index(position)])
    }

    /// The last `count`, oldest first.
    pub(crate) fn latest(&self, count: usize) -> impl DoubleEndedIterator<Item = &T> {
        self.range(self.pushed.saturating_sub(count as u64), self.pushed)
    }

    fn index(&self, position: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "less than the capacity")]
        let index = (position % self.capacity as u64) as usize;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_are_kept_under_their_positions() {
        let mut ring = Ring::new(3);
        for number in 0..5 {
            ring.push(number);
        }
        assert_eq!(ring.end(), 5);
        assert_eq!(ring.latest(2).copied().collect::<Vec<_>>(), [3, 4]);
        assert_eq!(ring.latest(9).copied().collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(ring.range(0, 4).copied().collect::<Vec<_>>(), [2, 3]);
        assert_eq!(ring.range(0, 1).count(), 0, "long gone");
        assert_eq!(ring.range(7, 9).count(), 0, "yet to come");
    }
}
