//! Check `messages`.

use serde::Deserialize;

use super::{Selector, selector::check};
use crate::case::payload::Payload;

check! {
    /// Messages that arrived at one end: which, or how many.
    pub struct Messages {
        /// At which end.
        pub at: End,
        /// What they say, in order.
        pub are: Option<Vec<Payload>>,
        /// Whether they are what the call itself sent.
        #[serde(default)]
        pub own: bool,
        select: Selector,
        maybe_bound: u64,
    }
}

/// The end at which messages arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Whoever made the call.
    Caller,
    /// Whoever serves it.
    Backend,
}
