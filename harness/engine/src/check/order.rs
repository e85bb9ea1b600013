//! Check `order`.

use crate::judge::{Miss, View};
use crate::moments::{Matcher, Scope};
use serde::Deserialize;

use crate::case::Moment;

/// These moments came one after the other, and all of them came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Order(pub Vec<Moment>);

impl Order {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let scope = Scope::default();
        let mut misses = Vec::new();
        let mut before: Option<(usize, &Moment)> = None;
        for moment in &self.0 {
            let Some(place) = Matcher::new(moment, &scope).first(view.events) else {
                misses.push(Miss::new(format!("`{moment}`"), "it never came"));
                continue;
            };
            if let Some((earlier, other)) = before.filter(|(earlier, _)| *earlier >= place) {
                misses.push(Miss::new(format!("`{other}` before `{moment}`"), "the other way round").at(&view.events[earlier]));
            }
            before = Some((place, moment));
        }
        misses
    }
}
