//! A server whose probe asks the pool, and the pool remembers a healthy connection.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-trusts-a-dead-pool",
        deviation: "Health does not change when the store can no longer be reached.",
        breaks: &[
            "health.dependency.down-within-bound",
            "health.dependency.recovers-within-bound",
            "health.dependency.hanging-check-bounded",
            "health.dependency.flapping-settles",
            "health.dependency.named-service-follows",
            "health.shutdown.state-latched",
        ],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Cached), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Cached;

impl HealthPolicy for Cached {
    fn after_probe(&self, _name: &str, answered: bool) -> Option<ServingStatus> {
        answered.then_some(ServingStatus::Serving)
    }
}
