//! Connections that are accepted, and then nothing.

use super::{Kind, Lane, Pass, Start, Waiting};
use crate::clock::Instant;

/// A connection made while the fault is armed is carried to the other end, and then nothing is read from it or written to it.
/// When the fault is lifted, its bytes pass. Connections that existed before live on: for those there is `stall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent;

impl Kind for Silent {
    fn lane(&self, start: Start) -> Option<Box<dyn Lane>> {
        start.fresh.then(|| Box::new(Muted) as Box<dyn Lane>)
    }
}

#[derive(Debug)]
struct Muted;

impl Lane for Muted {
    fn reads(&self) -> bool {
        false
    }

    fn pass(&mut self, _now: Instant, _waiting: Waiting) -> Pass {
        Pass::Never
    }

    fn harmed(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::testing::start;

    #[tokio::test(start_paused = true)]
    async fn silent_reads_nothing_from_new_connections_only() {
        assert!(Silent.lane(start(false)).is_none());
        let lane = Silent.lane(start(true)).unwrap();
        assert!(!lane.reads() && lane.harmed());
    }
}
