//! A gateway that looks at the clock once.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.passes-the-first-remaining",
        deviation: "Every outgoing call gets what remained when the handler began.",
        breaks: &["deadline.gateway.passes-remaining", "deadline.gateway.successive-calls-shrink"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(Once), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Once;

impl GatewayPolicy for Once {
    fn timeout(&self, _remaining: Option<Duration>, first: Option<Duration>, _own: Option<Duration>) -> Option<Duration> {
        first
    }
}
