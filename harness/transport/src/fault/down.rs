//! A peer that is gone.

use super::{Ending, Entry, Kind, Lane, Start};

/// The peer is gone: open connections end at once at both ends, new ones are refused until the fault is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Down {
    /// How open connections end.
    pub close: Close,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Close {
    /// In order.
    #[default]
    Fin,
    /// By reset.
    Rst,
}

impl Kind for Down {
    fn entry(&self) -> Entry {
        Entry::Refused
    }

    fn lane(&self, _start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(*self))
    }
}

impl Lane for Down {
    fn ending(&self) -> Option<Ending> {
        Some(match self.close {
            Close::Fin => Ending::Fin,
            Close::Rst => Ending::Reset,
        })
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
    async fn down_ends_connections_as_it_was_told() {
        let ending = |close| Down { close }.lane(start(false)).and_then(|lane| lane.ending());
        assert_eq!(ending(Close::Fin), Some(Ending::Fin));
        assert_eq!(ending(Close::Rst), Some(Ending::Reset));
        assert_eq!(Down::default().entry(), Entry::Refused);
    }
}
