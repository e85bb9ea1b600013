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
            "health.dependency.down-within-bound",
            "health.dependency.flapping-settles",
            "health.dependency.hanging-check-bounded",
            "health.dependency.named-service-follows",
            "health.dependency.recovers-within-bound",
            "health.shutdown.state-latched",
            "health.shutdown.watchers-notified",
            "health.startup.not-serving-until-ready",
            "health.watch.slow-watcher-isolated",
            "shutdown.order.health-before-goaway",
            "user.auth.public-methods",
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
