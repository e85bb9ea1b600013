//! Check `peak`.

use std::collections::BTreeSet;

use proofmark_record::What;
use serde_json::Value;

use crate::judge::{Group, Miss, View, count, parts_fit, place_fits};
use serde::Deserialize;

use super::{Selector, selector::check};

check! {
    /// How many were open at one time, at most.
    pub struct Peak {
        /// Of what.
        pub of: PeakOf,
        select: Selector,
        bound: u64,
    }
}

/// What can be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeakOf {
    /// Streams.
    Streams,
    /// Runs of handlers.
    Handlers,
    /// Connections.
    Connections,
}

impl Peak {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let from = window.first().map_or(u32::MAX, |event| event.seq);
            let until = window.last().map_or(0, |event| event.seq);
            let mut open: BTreeSet<String> = BTreeSet::new();
            let mut peak = 0;
            for event in view.events.iter().filter(|event| event.seq <= until) {
                self.step(&event.what, &group, &mut open);
                if event.seq >= from {
                    peak = peak.max(open.len());
                }
            }
            let what = match self.of {
                PeakOf::Streams => "streams open at one time",
                PeakOf::Handlers => "handlers running at one time",
                PeakOf::Connections => "connections open at one time",
            };
            misses.extend(count(&group, what, &self.bound, peak as u64, None));
        }
        misses
    }

    fn step(&self, what: &What, group: &Group, open: &mut BTreeSet<String>) {
        match (self.of, what) {
            (PeakOf::Streams, What::AttemptBegan(place)) if place_fits(&self.select, group, place) => {
                open.insert(format!("{}/{}/{}", place.peer, place.connection, place.stream));
            }
            (PeakOf::Streams, What::AttemptEnded { place, .. }) => {
                open.remove(&format!("{}/{}/{}", place.peer, place.connection, place.stream));
            }
            (PeakOf::Handlers, What::Hook { call: Some(call), line }) if parts_fit(&self.select, group, Some(call), None) => {
                let run = line.get("run").map(Value::to_string).unwrap_or_default();
                match line.get("hook").and_then(Value::as_str) {
                    Some("begin") => {
                        open.insert(run);
                    }
                    Some("end") => {
                        open.remove(&run);
                    }
                    _ => {}
                }
            }
            (PeakOf::Connections, What::ConnectionOpened { peer, connection })
                if parts_fit(&self.select, group, None, Some((peer, *connection))) =>
            {
                open.insert(format!("{peer}/{connection}"));
            }
            (PeakOf::Connections, What::ConnectionClosed { peer, connection, .. }) => {
                open.remove(&format!("{peer}/{connection}"));
            }
            _ => {}
        }
    }
}
