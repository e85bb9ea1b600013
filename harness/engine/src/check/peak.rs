//! Check `peak`.

use serde::Deserialize;

use super::{Selector, selector::check};

check! {
    /// How many were open at one time, at most.
    pub struct Peak {
        /// Of what.
        pub of: PeakOf,
        select: Selector,
        bound: u64,
    }
}

/// What can be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeakOf {
    /// Streams.
    Streams,
    /// Runs of handlers.
    Handlers,
    /// Connections.
    Connections,
}
