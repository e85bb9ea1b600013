//! A gateway whose outgoing calls live in a task of their own.

use std::sync::Arc;

use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.leaves-outgoing-calls",
        deviation: "Outgoing calls live on when the incoming one is cancelled.",
        breaks: &["cancel.gateway.propagates"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(Detached), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Detached;

impl GatewayPolicy for Detached {
    fn detaches(&self) -> bool {
        true
    }
}
