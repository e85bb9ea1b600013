//! Check `handlers`.

use std::time::Duration;

use serde::Deserialize;

use super::{Selector, selector::check};
use crate::case::Bound;

check! {
    /// Runs of the system's handlers, and what they saw.
    pub struct Handlers {
        /// Only runs that saw this.
        pub saw: Option<Saw>,
        /// The time that they had left when they began.
        pub remaining: Option<Bound<Duration>>,
        /// Whose token they were called with.
        pub subject: Option<String>,
        select: Selector,
        maybe_bound: u64,
    }
}

/// What a handler may see of the end of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saw {
    /// The call was given up.
    Cancelled,
    /// The requests ended in order.
    CleanEnd,
    /// The requests ended by an error.
    ReadError,
    /// A send failed.
    SendFailed,
}
