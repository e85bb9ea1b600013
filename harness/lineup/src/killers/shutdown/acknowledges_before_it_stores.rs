//! A server that answers before its write is stored.

use std::sync::Arc;

use proofmark_service::policy::{Policies, StorePolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.acknowledges-before-it-stores",
        deviation: "CreateUser is acknowledged first and stored later, if at all.",
        breaks: &[
            "shutdown.data.no-lost-acknowledged-write",
            "user.create.duplicate",
            "user.create.ok",
            "shutdown.order.repository-outlives-handlers",
            "user.create.field-limits",
            "user.panic.isolation",
        ],
        variant: Variant::ServerPolicies(|| Policies { store: Arc::new(Later), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Later;

impl StorePolicy for Later {
    fn commits_first(&self) -> bool {
        false
    }
}
