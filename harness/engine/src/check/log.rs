//! Check `log`.

use super::lines::Lines;
use crate::judge::{Miss, View};
use std::time::Duration;

use indexmap::IndexMap;
use serde::Deserialize;

use super::{Selector, selector::check};
use crate::case::{Bound, text::FieldText};

check! {
    /// Lines of the system's log.
    pub struct Log {
        /// Which lines.
        #[serde(default)]
        pub level: LogLevel,
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

/// Which lines of a log are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// One for each call.
    #[default]
    Access,
    /// What went wrong.
    Error,
}

impl Log {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let lines = Lines {
            line: if self.level == LogLevel::Error { "error" } else { "access" },
            matching: &self.matching,
            duration: self.duration.as_ref(),
            distinct: self.distinct.as_deref(),
            select: &self.select,
            bound: self.bound,
        };
        lines.judge(view)
    }
}
