//! Variants that break requirements of the area `retry`, one file a deviation.

mod ignores_pushback;

use super::Killer;

/// One line a killer.
pub(super) const ALL: &[fn() -> Killer] = &[ignores_pushback::killer];
