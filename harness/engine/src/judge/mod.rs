//! Judges a finished transcript: a pure function of case, events and tolerance.
//!
//! - [`judge`]: findings and a verdict
//! - [`View`]: what checks look at; [`Miss`]: what they find wrong
//! - [`standing`]: what must hold in every case

pub mod standing;
mod verdict;
mod view;

pub use verdict::{Judged, judge};
pub use view::{CallSeen, Group, Miss, View, count, names, parts_fit, place_fits, show};
