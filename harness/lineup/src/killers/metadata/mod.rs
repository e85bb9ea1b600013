//! Variants that break requirements of the area `metadata`, one file a deviation.

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[];
