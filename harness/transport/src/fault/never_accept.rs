//! Connections that nobody accepts.

use super::{Entry, Kind};

/// New connections are made by the kernel and wait to be accepted; when the fault is lifted, they are. Those that exist live on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverAccept;

impl Kind for NeverAccept {
    fn entry(&self) -> Entry {
        Entry::Unattended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::testing::start;

    #[tokio::test(start_paused = true)]
    async fn never_accept_leaves_living_connections_alone() {
        assert_eq!(NeverAccept.entry(), Entry::Unattended);
        assert!(NeverAccept.lane(start(false)).is_none());
    }
}
