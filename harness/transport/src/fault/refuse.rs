//! Connections are refused.

use super::{Entry, Kind};

/// New connections are refused by the kernel; those that exist live on.
///
/// A refused connection has no number: limited to connection 2, everything after the first is refused until the fault is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refuse;

impl Kind for Refuse {
    fn entry(&self) -> Entry {
        Entry::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::testing::start;

    #[tokio::test(start_paused = true)]
    async fn refuse_leaves_living_connections_alone() {
        assert_eq!(Refuse.entry(), Entry::Refused);
        assert!(Refuse.lane(start(false)).is_none());
    }
}
