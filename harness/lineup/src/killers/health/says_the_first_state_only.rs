//! A server whose Watch sends one message and then waits for its cancellation.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies, Watcher};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.watch-says-the-first-state-only",
        deviation: "A Watch is never told of a change.",
        breaks: &[
            "health.watch.every-change",
            "health.watch.independent-watchers",
            "health.dependency.down-within-bound",
            "health.dependency.flapping-settles",
            "health.dependency.hanging-check-bounded",
            "health.dependency.named-service-follows",
            "health.dependency.recovers-within-bound",
            "health.shutdown.state-latched",
            "health.shutdown.watchers-notified",
            "health.startup.not-serving-until-ready",
            "health.watch.cancel-releases-watcher",
            "health.watch.slow-watcher-isolated",
            "shutdown.long-lived.watch-does-not-hold-drain",
            "shutdown.order.health-before-goaway",
        ],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Once), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Once;

impl HealthPolicy for Once {
    fn tells(&self, _watcher: Watcher, _last: Option<ServingStatus>, _now: ServingStatus, _touched: bool) -> bool {
        false
    }
}
