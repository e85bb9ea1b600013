//! A server that treats a Watch of an unknown name as it treats a Check.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.watch-of-an-unknown-name-fails",
        deviation: "A Watch of an unknown name ends with NOT_FOUND.",
        breaks: &["health.watch.unknown-service-stays-open"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Strict), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Strict;

impl HealthPolicy for Strict {
    fn unknown_watch(&self, _name: &str) -> Result<ServingStatus, Status> {
        Err(Status::not_found("unknown service"))
    }
}
