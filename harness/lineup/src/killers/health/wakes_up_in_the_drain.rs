//! A server whose probe goes on during the drain.

use std::sync::Arc;

use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-serving-again-in-the-drain",
        deviation: "A probe that succeeds during the drain sets SERVING again.",
        breaks: &["health.shutdown.state-latched"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Unlatched), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unlatched;

impl HealthPolicy for Unlatched {
    fn latches(&self) -> bool {
        false
    }
}
