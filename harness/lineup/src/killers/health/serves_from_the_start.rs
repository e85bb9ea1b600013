//! A server that leaves the default of its library in place until the store has answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-serving-from-the-start",
        deviation: "It claims SERVING before the store has answered once.",
        breaks: &["health.startup.not-serving-until-ready"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Hopeful::default()), ..Policies::default() }),
    }
}

#[derive(Debug, Default)]
struct Hopeful {
    has_answered: AtomicBool,
}

impl HealthPolicy for Hopeful {
    fn initial(&self, _name: &str) -> ServingStatus {
        ServingStatus::Serving
    }

    fn after_probe(&self, _name: &str, answered: bool) -> Option<ServingStatus> {
        if answered {
            self.has_answered.store(true, Ordering::Relaxed);
            return Some(ServingStatus::Serving);
        }
        self.has_answered.load(Ordering::Relaxed).then_some(ServingStatus::NotServing)
    }
}
