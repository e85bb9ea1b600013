//! A server that closes its listener at the signal.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.has-no-lame-duck",
        deviation: "The lame-duck delay is not kept.",
        breaks: &["health.shutdown.check-still-answers", "health.shutdown.state-latched"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Abrupt), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Abrupt;

impl ShutdownPolicy for Abrupt {
    fn lame_duck(&self, _set: Duration) -> Duration {
        Duration::ZERO
    }
}
