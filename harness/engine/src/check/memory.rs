//! Check `memory`.

use proofmark_record::What;

use crate::judge::{Miss, View};
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

impl Memory {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let sizes: Vec<u64> =
            view.events.iter().filter_map(|event| if let What::Memory { bytes, .. } = event.what { Some(bytes) } else { None }).collect();
        let [first, .., last] = sizes.as_slice() else {
            return vec![Miss::new("two looks at the memory of the process", format!("{}", sizes.len()))];
        };
        let grown = last.saturating_sub(*first);
        if grown <= self.grows_at_most.0 {
            return Vec::new();
        }
        vec![Miss::new(format!("memory grows by at most {}", self.grows_at_most), format!("by {}", ByteCount(grown)))]
    }
}
