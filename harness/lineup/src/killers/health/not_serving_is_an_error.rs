//! A server whose Check of something that is not serving fails.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-reports-not-serving-as-an-error",
        deviation: "A Check of a name that is NOT_SERVING ends with UNAVAILABLE instead of OK.",
        breaks: &[
            "health.check.named-service",
            "health.dependency.down-within-bound",
            "health.dependency.flapping-settles",
            "health.dependency.hanging-check-bounded",
            "health.dependency.named-service-follows",
            "health.startup.not-serving-until-ready",
            "health.shutdown.state-latched",
            "health.shutdown.check-still-answers",
        ],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Failing), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Failing;

impl HealthPolicy for Failing {
    fn known_check(&self, status: ServingStatus) -> Result<ServingStatus, Status> {
        match status {
            ServingStatus::NotServing => Err(Status::unavailable("not serving")),
            other => Ok(other),
        }
    }
}
