//! Connections that are reset while the HTTP/2 handshake is under way.

use super::{Ending, Kind, Lane, Pass, Start, Waiting};
use crate::clock::Instant;

/// A connection made while the fault is armed is carried to the other end, and reset at both when the first bytes come, which do not
/// arrive. Connections that existed before live on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetAtHandshake;

impl Kind for ResetAtHandshake {
    fn lane(&self, start: Start) -> Option<Box<dyn Lane>> {
        start.fresh.then(|| Box::new(Trap { sprung: false }) as Box<dyn Lane>)
    }
}

#[derive(Debug)]
struct Trap {
    sprung: bool,
}

impl Lane for Trap {
    fn pass(&mut self, _now: Instant, waiting: Waiting) -> Pass {
        self.sprung |= waiting.bytes > 0;
        if self.sprung { Pass::Never } else { Pass::Bytes(0) }
    }

    fn ending(&self) -> Option<Ending> {
        self.sprung.then_some(Ending::Reset)
    }

    fn harmed(&self) -> bool {
        self.sprung
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::fault::testing::{start, waiting};

    #[tokio::test(start_paused = true)]
    async fn reset_at_handshake_springs_at_the_first_bytes() {
        assert!(ResetAtHandshake.lane(start(false)).is_none());
        let mut lane = ResetAtHandshake.lane(start(true)).unwrap();
        assert_eq!((lane.pass(clock::now(), waiting(0)), lane.ending()), (Pass::Bytes(0), None));
        assert_eq!((lane.pass(clock::now(), waiting(24)), lane.ending()), (Pass::Never, Some(Ending::Reset)));
    }
}
