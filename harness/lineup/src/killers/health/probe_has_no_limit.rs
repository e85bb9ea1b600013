//! A server whose probe waits for the store as long as it takes.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{HealthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.probe-has-no-limit",
        deviation: "A store that hangs hangs the probe, and the last state stays.",
        breaks: &["health.dependency.hanging-check-bounded"],
        variant: Variant::ServerPolicies(|| Policies { health: Arc::new(Patient), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Patient;

impl HealthPolicy for Patient {
    fn probe_limit(&self, _set: Duration) -> Option<Duration> {
        None
    }
}
