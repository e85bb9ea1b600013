//! A server whose batches bypass validation.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ValidationPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.does-not-check-items",
        deviation: "The items of a batch are not validated.",
        breaks: &["user.batch.invalid-item"],
        variant: Variant::ServerPolicies(|| Policies { validation: Arc::new(Trusting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Trusting;

impl ValidationPolicy for Trusting {
    fn checks_items(&self) -> bool {
        false
    }
}
