//! A gateway whose own calls have no deadline.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.asks-without-a-deadline",
        deviation: "Outgoing calls carry no timeout.",
        breaks: &["deadline.gateway.passes-remaining", "deadline.gateway.successive-calls-shrink"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(Endless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Endless;

impl GatewayPolicy for Endless {
    fn timeout(&self, _remaining: Option<Duration>, _first: Option<Duration>, own: Option<Duration>) -> Option<Duration> {
        own
    }
}
