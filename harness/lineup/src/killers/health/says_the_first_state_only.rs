//! A server whose Watch sends one message and then waits for its cancellation.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies, Watcher};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.watch-says-the-first-state-only",
        deviation: "A Watch is never told of a change.",
        breaks: &["health.watch.every-change", "health.watch.independent-watchers"],
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
