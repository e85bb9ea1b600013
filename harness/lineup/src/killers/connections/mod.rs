//! Variants that break requirements of connections and load balancing, one file a deviation.

mod sticks_to_the_first;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[sticks_to_the_first::killer];
