//! A server whose table of watchers has one place a name.

use std::sync::Arc;

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies, Watcher};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-knows-one-watcher-a-name",
        deviation: "A second Watch of a name takes the place of the first, which hears nothing any more.",
        breaks: &["health.watch.independent-watchers", "health.dependency.flapping-settles"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(OnePlace), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OnePlace;

impl HealthPolicy for OnePlace {
    fn tells(&self, watcher: Watcher, last: Option<ServingStatus>, now: ServingStatus, _touched: bool) -> bool {
        watcher.number == watcher.latest && last != Some(now)
    }
}
