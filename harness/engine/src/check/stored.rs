//! Check `stored`.

use serde::Deserialize;

use super::selector::check;

check! {
    /// How often each write is in what a `list` call found.
    pub struct Stored {
        /// The `list` call.
        pub seen_by: String,
        /// Which writes.
        pub writes: Writes,
        bound: u64,
    }
}

/// What became of a write, as its caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// It ended OK.
    Acknowledged,
    /// It ended in any other way.
    Refused,
}
