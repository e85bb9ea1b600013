//! A server whose probe loop ends when a probe fails.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.probe-ends-at-the-first-failure",
        deviation: "After one failed probe the store is never asked again.",
        breaks: &[
            "health.dependency.recovers-within-bound",
            "health.dependency.flapping-settles",
            "health.dependency.named-service-follows",
            "health.startup.not-serving-until-ready",
        ],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Once), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Once;

impl HealthPolicy for Once {
    fn probe_pause(&self, set: Duration, answered: bool) -> Option<Duration> {
        answered.then_some(set)
    }
}
