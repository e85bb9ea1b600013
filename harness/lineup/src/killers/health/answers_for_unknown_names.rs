//! A server that has an answer for every name.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-answers-for-unknown-names",
        deviation: "A Check of an unknown name is OK with SERVICE_UNKNOWN.",
        breaks: &["health.check.unknown-service-not-found"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Polite), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Polite;

impl HealthPolicy for Polite {
    fn unknown_check(&self, _name: &str) -> Result<ServingStatus, Status> {
        Ok(ServingStatus::ServiceUnknown)
    }
}
