//! Connections that end in the middle of something.

use super::{Ending, Kind, Lane, Pass, Start, Waiting};
use crate::clock::Instant;

/// The connection ends with FIN both ways once so many bytes arrived in the direction since the fault began. Where it applies to both
/// directions, each counts for itself and the first ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Bytes that still arrive.
    pub after: u64,
}

impl Kind for Cut {
    fn lane(&self, _start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(Left(self.after)))
    }
}

#[derive(Debug)]
struct Left(u64);

impl Lane for Left {
    fn pass(&mut self, _now: Instant, waiting: Waiting) -> Pass {
        Pass::Bytes(waiting.bytes.min(usize::try_from(self.0).unwrap_or(usize::MAX)))
    }

    fn sent(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes as u64);
    }

    fn ending(&self) -> Option<Ending> {
        (self.0 == 0).then_some(Ending::Fin)
    }

    fn harmed(&self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::fault::testing::{start, waiting};

    #[tokio::test(start_paused = true)]
    async fn cut_counts_what_was_sent() {
        let mut lane = Cut { after: 10 }.lane(start(false)).unwrap();
        assert_eq!(lane.pass(clock::now(), waiting(7)), Pass::Bytes(7));
        lane.sent(7);
        assert_eq!((lane.pass(clock::now(), waiting(7)), lane.ending()), (Pass::Bytes(3), None));
        lane.sent(3);
        assert_eq!(lane.ending(), Some(Ending::Fin));
    }
}
