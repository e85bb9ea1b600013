//! Bytes that arrive no more.

use super::{Kind, Lane, Pass, Start, Waiting};
use crate::clock::Instant;

/// Nothing arrives, neither bytes nor FIN nor RST, while the connection stays open. After 64 KiB nothing is read either, so that the
/// sender is pushed back. When the fault is lifted, everything arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall;

impl Kind for Stall {
    fn lane(&self, _start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(Dam { harmed: false }))
    }
}

#[derive(Debug)]
struct Dam {
    harmed: bool,
}

impl Lane for Dam {
    fn pass(&mut self, _now: Instant, _waiting: Waiting) -> Pass {
        self.harmed = true;
        Pass::Never
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
    async fn stall_holds_bytes_and_ends_back() {
        let mut lane = Stall.lane(start(false)).unwrap();
        assert!(!lane.harmed());
        assert_eq!(lane.pass(clock::now(), waiting(0)), Pass::Never);
        assert!(lane.harmed());
    }
}
