//! Check `outcome`.

use super::{Selector, selector::check};
use crate::case::{StatusCode, text::Expected};

check! {
    /// How calls ended, as the application was told.
    pub struct Outcome {
        /// The status.
        pub status: Option<StatusCode>,
        /// One of these.
        #[serde(default)]
        pub one_of: Vec<StatusCode>,
        /// The status message.
        pub status_message: Option<Expected>,
        /// Whether the call has not ended.
        #[serde(default)]
        pub open: bool,
        /// Whether the API refused the call before anything was sent.
        #[serde(default)]
        pub refused: bool,
        select: Selector,
        maybe_bound: u64,
    }
}
