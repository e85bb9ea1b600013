//! Check `credit`.

use super::{Selector, selector::check};

check! {
    /// The ledger of flow-control window.
    pub struct Credit {
        /// Whether more was sent than the window allowed.
        pub overdrawn: Option<bool>,
        /// Whether all window that was used was given back.
        pub returned: Option<bool>,
        select: Selector,
    }
}
