//! A server whose Watch says nothing before the first change.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.watch-pushes-changes-only",
        deviation: "A Watch is not sent the state that holds when it begins.",
        breaks: &[
            "health.watch.current-status-first",
            "health.watch.every-change",
            "health.watch.unknown-service-stays-open",
            "health.watch.independent-watchers",
        ],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Silent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Silent;

impl HealthPolicy for Silent {
    fn first(&self, _now: ServingStatus) -> Option<ServingStatus> {
        None
    }
}
