//! Check `attempts`.

use super::{Selector, selector::check};

check! {
    /// How many streams were opened for calls.
    pub struct Attempts {
        select: Selector,
        bound: u64,
    }
}
