//! Check `attempts`.

use proofmark_record::What;

use super::{Selector, selector::check};
use crate::judge::{Miss, View, count, place_fits};

check! {
    /// How many streams were opened for calls.
    pub struct Attempts {
        select: Selector,
        bound: u64,
    }
}

impl Attempts {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let seen: Vec<_> = window
                .iter()
                .filter(|event| matches!(&event.what, What::AttemptBegan(place) if place_fits(&self.select, &group, place)))
                .collect();
            misses.extend(count(&group, "attempts", &self.bound, seen.len() as u64, seen.last().copied()));
        }
        misses
    }
}
