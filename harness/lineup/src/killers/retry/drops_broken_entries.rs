//! A client that takes of a service config what it can read.

use std::sync::Arc;

use proofmark_client::ConfigRejected;
use proofmark_client::config::ServiceConfig;
use proofmark_client::policy::{ConfigRules, Policies, Standard};
use serde_json::Value;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.drops-broken-entries",
        deviation: "A broken field is dropped with its entry, and the rest stays in force.",
        breaks: &["service-config.json.bad-known-field-rejects-whole-config"],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Salvaging), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Salvaging;

impl ConfigRules for Salvaging {
    fn parse(&self, json: &str) -> Result<ServiceConfig, ConfigRejected> {
        let mut rejected = match Standard.parse(json) {
            Ok(config) => return Ok(config),
            Err(rejected) => rejected,
        };
        let Ok(mut value) = serde_json::from_str::<Value>(json) else { return Err(rejected) };
        while remove(&mut value, &rejected.place) {
            match Standard.parse(&value.to_string()) {
                Ok(config) => return Ok(config),
                Err(next) => rejected = next,
            }
        }
        Err(rejected)
    }
}

/// Takes out the list entry, or else the field, in which `place` is.
fn remove(config: &mut Value, place: &str) -> bool {
    let Some(object) = config.as_object_mut() else { return false };
    let field = place.split(['.', '[']).next().unwrap_or_default();
    let index = place.split(['[', ']']).nth(1).and_then(|index| index.parse::<usize>().ok());
    match (object.get_mut(field).and_then(Value::as_array_mut), index) {
        (Some(entries), Some(index)) if index < entries.len() => {
            entries.remove(index);
            true
        }
        _ => object.remove(field).is_some(),
    }
}
