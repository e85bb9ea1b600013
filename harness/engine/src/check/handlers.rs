//! Check `handlers`.

use proofmark_record::{CallRef, Event, What};
use serde_json::Value;

use crate::judge::{Group, Miss, View, count, parts_fit};
use std::time::Duration;

use serde::Deserialize;

use super::{Selector, selector::check};
use crate::case::Bound;

check! {
    /// Runs of the system's handlers, and what they saw.
    pub struct Handlers {
        /// Only runs that saw this.
        pub saw: Option<Saw>,
        /// The time that they had left when they began.
        pub remaining: Option<Bound<Duration>>,
        /// Whose token they were called with.
        pub subject: Option<String>,
        select: Selector,
        maybe_bound: u64,
    }
}

/// What a handler may see of the end of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saw {
    /// The call was given up.
    Cancelled,
    /// The requests ended in order.
    CleanEnd,
    /// The requests ended by an error.
    ReadError,
    /// A send failed.
    SendFailed,
}

impl Handlers {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let lines: Vec<Line<'_>> = window.iter().filter_map(|event| self.line(event, &group)).collect();
            let runs: Vec<&Line<'_>> = lines.iter().filter(|line| line.is("begin")).collect();
            let counted: Vec<&Line<'_>> = match self.saw {
                Some(saw) => lines.iter().filter(|line| line.shows(saw)).collect(),
                None => runs.clone(),
            };
            let what = self.saw.map_or("handler runs".to_owned(), |saw| format!("handler runs that saw {}", word(saw)));
            let bound = self.bound.or(if self.remaining.is_none() && self.subject.is_none() { Some(Bound::AtLeast(1)) } else { None });
            if let Some(bound) = bound {
                misses.extend(count(&group, &what, &bound, counted.len() as u64, counted.last().map(|line| line.event)));
            }
            misses.extend(self.judge_begins(&group, &runs, view));
        }
        misses
    }

    fn line<'a>(&self, event: &'a Event, group: &Group) -> Option<Line<'a>> {
        match &event.what {
            What::Hook { call: Some(call), line } if parts_fit(&self.select, group, Some(call), None) => Some(Line { event, call, line }),
            _ => None,
        }
    }

    fn judge_begins(&self, group: &Group, runs: &[&Line<'_>], view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        if (self.remaining.is_some() || self.subject.is_some()) && runs.is_empty() {
            misses.push(Miss::new(group.name("a handler runs"), "none did"));
        }
        for run in runs {
            if let Some(bound) = &self.remaining {
                let seen = run.line.get("remainingSeconds").and_then(Value::as_f64).map(Duration::from_secs_f64);
                let widened = |seen: Duration| {
                    bound.low().is_none_or(|low| low <= seen + view.tolerance) && bound.high().is_none_or(|high| seen <= high)
                };
                if !seen.is_some_and(widened) {
                    let shown = seen.map_or("no deadline".to_owned(), crate::judge::show);
                    misses.push(Miss::new(format!("handler of {} has {bound} left", run.call), shown).at(run.event));
                }
            }
            if let Some(subject) = &self.subject {
                let seen = run.line.get("subject").and_then(Value::as_str);
                if seen != Some(subject) {
                    misses.push(
                        Miss::new(format!("handler of {} sees the subject {subject}", run.call), seen.unwrap_or("none").to_owned())
                            .at(run.event),
                    );
                }
            }
        }
        misses
    }
}

struct Line<'a> {
    event: &'a Event,
    call: &'a CallRef,
    line: &'a Value,
}

impl Line<'_> {
    fn is(&self, hook: &str) -> bool {
        self.line.get("hook").and_then(Value::as_str) == Some(hook)
    }

    fn shows(&self, saw: Saw) -> bool {
        let clean = self.line.get("clean").and_then(Value::as_bool);
        match saw {
            Saw::Cancelled => self.is("cancelled"),
            Saw::CleanEnd => self.is("read") && clean == Some(true),
            Saw::ReadError => self.is("read") && clean == Some(false),
            Saw::SendFailed => self.is("send-failed"),
        }
    }
}

fn word(saw: Saw) -> &'static str {
    match saw {
        Saw::Cancelled => "a cancellation",
        Saw::CleanEnd => "a clean end of input",
        Saw::ReadError => "a read error",
        Saw::SendFailed => "a failed send",
    }
}
