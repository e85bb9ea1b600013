//! Check `bytes`.

use super::{Actor, Selector, selector::check};
use crate::case::ByteCount;

check! {
    /// How many bytes of DATA went over the wire.
    pub struct Bytes {
        /// Who sent them.
        pub by: Option<Actor>,
        select: Selector,
        bound: ByteCount,
    }
}
