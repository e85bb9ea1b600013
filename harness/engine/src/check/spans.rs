//! Check `spans`.

use super::lines::Lines;
use crate::judge::{Miss, View};
use std::time::Duration;

use indexmap::IndexMap;

use super::{Selector, selector::check};
use crate::case::{Bound, text::FieldText};

check! {
    /// Spans that the system wrote.
    pub struct Spans {
        /// What their fields say.
        #[serde(default, rename = "where")]
        pub matching: IndexMap<String, FieldText>,
        /// The duration that they name.
        pub duration: Option<Bound<Duration>>,
        /// A field that no two of them share.
        pub distinct: Option<String>,
        select: Selector,
        maybe_bound: u64,
    }
}

impl Spans {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let lines = Lines {
            line: "span",
            matching: &self.matching,
            duration: self.duration.as_ref(),
            distinct: self.distinct.as_deref(),
            select: &self.select,
            bound: self.bound,
        };
        lines.judge(view)
    }
}
