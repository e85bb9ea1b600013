//! One direction that ends.

use super::{Ending, Kind, Lane, Start};

/// The direction ends with FIN at once. What its sender sends afterwards is read and lost; the other direction lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfClose;

impl Kind for HalfClose {
    fn lane(&self, _start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(*self))
    }
}

impl Lane for HalfClose {
    fn ending(&self) -> Option<Ending> {
        Some(Ending::Direction)
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
    async fn half_close_ends_one_direction() {
        assert_eq!(HalfClose.lane(start(false)).and_then(|lane| lane.ending()), Some(Ending::Direction));
    }
}
