//! Check `gap`.

use std::time::Duration;

use super::{Selector, selector::check};
use crate::case::{Moment, units};

check! {
    /// The time between two moments.
    pub struct Gap {
        /// The moment it begins with.
        pub from: Moment,
        /// The moment it ends with.
        pub to: Moment,
        /// How many gaps there must be; fewer are no stimulus.
        pub samples: Option<u32>,
        /// At least one gap is shorter than this.
        #[serde(default, deserialize_with = "units::maybe_duration")]
        pub some_below: Option<Duration>,
        /// At least one gap is longer than this.
        #[serde(default, deserialize_with = "units::maybe_duration")]
        pub some_above: Option<Duration>,
        select: Selector,
        maybe_bound: Duration,
    }
}
