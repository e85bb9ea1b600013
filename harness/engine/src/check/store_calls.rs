//! Check `store-calls`.

use super::{Selector, selector::check};

check! {
    /// How often the store was asked.
    pub struct StoreCalls {
        select: Selector,
        bound: u64,
    }
}
