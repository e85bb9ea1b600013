//! Connections that are reset.

use super::{Ending, Kind, Lane, Start};

/// The connection is reset at both ends at once; one that is made while the fault is armed, as soon as it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset;

impl Kind for Reset {
    fn lane(&self, _start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(*self))
    }
}

impl Lane for Reset {
    fn ending(&self) -> Option<Ending> {
        Some(Ending::Reset)
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
    async fn reset_ends_connections_by_reset() {
        assert_eq!(Reset.lane(start(false)).and_then(|lane| lane.ending()), Some(Ending::Reset));
    }
}
