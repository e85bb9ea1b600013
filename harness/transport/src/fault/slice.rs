//! Bytes that arrive in small pieces.

use std::time::Duration;

use super::{Kind, Lane, Pass, Start, Waiting};
use crate::clock::Instant;

/// Bytes arrive in pieces, each in a write of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The most bytes in one piece; 0 counts as 1.
    pub size: usize,
    /// Time from one piece to the next.
    pub every: Duration,
}

impl Kind for Slice {
    fn lane(&self, start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(Slicer { slice: *self, now: start.now, next: start.now, harmed: false }))
    }
}

#[derive(Debug)]
struct Slicer {
    slice: Slice,
    now: Instant,
    next: Instant,
    harmed: bool,
}

impl Lane for Slicer {
    fn pass(&mut self, now: Instant, waiting: Waiting) -> Pass {
        if waiting.bytes == 0 {
            return Pass::Bytes(0);
        }
        self.now = now;
        let piece = waiting.bytes.min(self.slice.size.max(1));
        self.harmed |= piece < waiting.bytes || now < self.next;
        if now < self.next { Pass::At(self.next) } else { Pass::Bytes(piece) }
    }

    fn sent(&mut self, _bytes: usize) {
        self.next = self.now + self.slice.every;
    }

    fn harmed(&self) -> bool {
        self.harmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::fault::testing::{start, waiting};

    #[tokio::test(start_paused = true)]
    async fn slice_spaces_its_pieces() {
        let every = Duration::from_millis(3);
        let mut lane = Slice { size: 4, every }.lane(start(true)).unwrap();
        let now = clock::now();
        assert_eq!(lane.pass(now, waiting(9)), Pass::Bytes(4));
        lane.sent(4);
        assert_eq!(lane.pass(now, waiting(5)), Pass::At(now + every));
        assert!(lane.harmed());
    }

    #[tokio::test(start_paused = true)]
    async fn slice_did_no_harm_to_what_is_small_already() {
        let mut lane = Slice { size: 4, every: Duration::ZERO }.lane(start(true)).unwrap();
        assert_eq!(lane.pass(clock::now(), waiting(3)), Pass::Bytes(3));
        assert!(!lane.harmed());
    }
}
