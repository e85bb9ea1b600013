//! Check `any-of`.

use crate::judge::{Miss, View};
use indexmap::IndexMap;
use serde::Deserialize;

use super::Check;

/// Lists of checks by name, of which one must hold as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AnyOf(pub IndexMap<String, Vec<Check>>);

impl AnyOf {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut reasons = Vec::new();
        let mut timing = false;
        let mut event = None;
        for (name, checks) in &self.0 {
            let misses: Vec<Miss> = checks.iter().flat_map(|check| check.judge(view)).collect();
            let Some(first) = misses.first() else { return Vec::new() };
            timing |= misses.iter().all(|miss| miss.timing);
            event = event.or(first.event);
            reasons.push(format!("not {name}: wanted {}, saw {}", first.expected, first.observed));
        }
        let names = self.0.keys().cloned().collect::<Vec<_>>().join(" or ");
        let mut miss = Miss::new(format!("one of: {names}"), reasons.join("; "));
        (miss.timing, miss.event) = (timing, event);
        vec![miss]
    }
}
