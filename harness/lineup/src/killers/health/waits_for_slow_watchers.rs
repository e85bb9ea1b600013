//! A server that writes to its watchers one after the other, under one lock.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies, Watcher};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-waits-for-slow-watchers",
        deviation: "A watcher that takes nothing blocks every other watcher and every Check.",
        breaks: &["health.watch.slow-watcher-isolated"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Locked), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Locked;

impl HealthPolicy for Locked {
    fn tells(&self, watcher: Watcher, last: Option<ServingStatus>, now: ServingStatus, _touched: bool) -> bool {
        watcher.stuck == 0 && last != Some(now)
    }

    fn check_waits(&self, stuck: usize) -> bool {
        stuck > 0
    }
}
