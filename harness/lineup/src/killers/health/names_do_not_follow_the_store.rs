//! A server whose probe sets the overall state and no other.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-of-names-ignores-the-store",
        deviation: "The state under the service's own name stays SERVING whatever the store does.",
        breaks: &["health.dependency.named-service-follows"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(OverallOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OverallOnly;

impl HealthPolicy for OverallOnly {
    fn after_probe(&self, name: &str, answered: bool) -> Option<ServingStatus> {
        Some(if answered || !name.is_empty() { ServingStatus::Serving } else { ServingStatus::NotServing })
    }
}
