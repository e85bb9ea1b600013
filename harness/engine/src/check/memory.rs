//! Check `memory`.

use serde::Deserialize;

use crate::case::{ByteCount, Moment};

/// The resident size of the system's process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Memory {
    /// How much it may grow.
    pub grows_at_most: ByteCount,
    /// From this moment; from the start of the case if absent.
    pub after: Option<Moment>,
    /// To this moment; to the end of the case if absent.
    pub until: Option<Moment>,
}
