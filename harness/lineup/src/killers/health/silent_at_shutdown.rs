//! A server that goes without a word to its watchers.

use std::sync::Arc;

use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.shutdown-does-not-touch-health",
        deviation: "A shutdown leaves every name at SERVING.",
        breaks: &[
            "health.shutdown.watchers-notified",
            "health.shutdown.check-still-answers",
            "shutdown.order.health-before-goaway",
            "shutdown.long-lived.watch-does-not-hold-drain",
        ],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Unmoved), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unmoved;

impl HealthPolicy for Unmoved {
    fn ends_serving(&self, _name: &str) -> bool {
        false
    }
}
