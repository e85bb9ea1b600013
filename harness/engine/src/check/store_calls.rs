//! Check `store-calls`.

use proofmark_record::What;
use serde_json::Value;

use super::{Selector, selector::check};
use crate::judge::{Miss, View, count, parts_fit};

check! {
    /// How often the store was asked.
    pub struct StoreCalls {
        select: Selector,
        bound: u64,
    }
}

impl StoreCalls {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let seen: Vec<_> = window
                .iter()
                .filter(|event| match &event.what {
                    What::Hook { call, line } => {
                        let word = |key: &str| line.get(key).and_then(Value::as_str);
                        word("hook") == Some("store")
                            && word("operation") != Some("close")
                            && parts_fit(&self.select, &group, call.as_ref(), None)
                    }
                    _ => false,
                })
                .collect();
            misses.extend(count(&group, "store calls", &self.bound, seen.len() as u64, seen.last().copied()));
        }
        misses
    }
}
