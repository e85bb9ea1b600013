//! A client that knows milliseconds and nothing finer.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{ConfigRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.takes-three-digits-at-most",
        deviation: "A duration with more than three digits after the point is refused, and the whole config with it.",
        breaks: &["service-config.timeout.fractional-seconds"],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Millis), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Millis;

impl ConfigRules for Millis {
    fn duration(&self, text: &str) -> Option<Duration> {
        let is_fine = text.split_once('.').is_some_and(|(_, fraction)| fraction.len() > 4);
        Standard.duration(text).filter(|_| !is_fine)
    }
}
