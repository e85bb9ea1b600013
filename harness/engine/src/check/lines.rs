//! What `log` and `spans` share: lines of JSON that a system writes of its calls.

use std::time::Duration;

use indexmap::IndexMap;
use proofmark_record::{Event, What};
use serde_json::Value;

use super::Selector;
use crate::case::text::FieldText;
use crate::case::{Bound, units};
use crate::judge::{Group, Miss, View, count, parts_fit};

/// A look at lines of one kind.
pub(crate) struct Lines<'a> {
    /// `access`, `error` or `span`.
    pub(crate) line: &'static str,
    /// What fields must say.
    pub(crate) matching: &'a IndexMap<String, FieldText>,
    /// What the field `duration` must say.
    pub(crate) duration: Option<&'a Bound<Duration>>,
    /// A field that no two lines share.
    pub(crate) distinct: Option<&'a str>,
    /// Which calls.
    pub(crate) select: &'a Selector,
    /// How many; at least one if absent.
    pub(crate) bound: Option<Bound<u64>>,
}

impl Lines<'_> {
    /// Judges the lines.
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(self.select) {
            let window = match view.window(self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let own: Vec<(&Event, &Value)> = window.iter().filter_map(|event| self.line(event, &group)).collect();
            let fitting: Vec<&(&Event, &Value)> = own.iter().filter(|(_, line)| self.fits(line)).collect();
            let bound = self.bound.unwrap_or(Bound::AtLeast(1));
            if let Some(mut miss) = count(
                &group,
                &format!("{} lines{}", self.line, self.wanted()),
                &bound,
                fitting.len() as u64,
                fitting.last().map(|(event, _)| *event),
            ) {
                if let (true, Some((_, line))) = (fitting.is_empty(), own.first()) {
                    miss.observed = format!("0; there was {line}");
                }
                misses.push(miss);
            }
            misses.extend(fitting.iter().filter_map(|(event, line)| self.judge_duration(&group, event, line, view.tolerance)));
            misses.extend(self.judge_distinct(&group, &fitting));
        }
        misses
    }

    fn line<'e>(&self, event: &'e Event, group: &Group) -> Option<(&'e Event, &'e Value)> {
        match &event.what {
            What::Log { call, line } if text(line, "line").as_deref() == Some(self.line) => {
                let any = self.select.call.is_none() && group.call.is_none();
                let fits = if any {
                    call.as_ref().is_none_or(|call| !crate::run::round::is_aftercare(call))
                } else {
                    parts_fit(self.select, group, call.as_ref(), None)
                };
                fits.then_some((event, line))
            }
            _ => None,
        }
    }

    fn fits(&self, line: &Value) -> bool {
        self.matching.iter().all(|(field, wanted)| text(line, field).is_some_and(|seen| wanted.0.holds(&seen)))
    }

    fn wanted(&self) -> String {
        if self.matching.is_empty() {
            return String::new();
        }
        let fields: Vec<String> = self.matching.iter().map(|(field, wanted)| format!("{field} {}", wanted.0)).collect();
        format!(" with {}", fields.join(", "))
    }

    fn judge_duration(&self, group: &Group, event: &Event, line: &Value, tolerance: Duration) -> Option<Miss> {
        let bound = self.duration?;
        let seen = text(line, "duration").and_then(|text| units::parse_duration(&text).ok());
        // a line says whole milliseconds, so one of them either way says nothing
        let holds = |seen: Duration| {
            bound.low().is_none_or(|low| low <= seen + Duration::from_millis(1)) && bound.high().is_none_or(|high| seen <= high + tolerance)
        };
        (!seen.is_some_and(holds)).then(|| {
            let mut miss = Miss::new(group.name(format!("duration {bound}")), seen.map_or("none".into(), crate::judge::show)).at(event);
            miss.timing = true;
            miss
        })
    }

    fn judge_distinct(&self, group: &Group, lines: &[&(&Event, &Value)]) -> Vec<Miss> {
        let Some(field) = self.distinct else { return Vec::new() };
        let mut known = Vec::new();
        let mut misses = Vec::new();
        for (event, line) in lines {
            let value = text(line, field).unwrap_or_default();
            if value.is_empty() || known.contains(&value) {
                misses.push(
                    Miss::new(group.name(format!("{field} is there and different in every line")), format!("`{value}` again")).at(event),
                );
            }
            known.push(value);
        }
        misses
    }
}

fn text(line: &Value, field: &str) -> Option<String> {
    match line.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}
