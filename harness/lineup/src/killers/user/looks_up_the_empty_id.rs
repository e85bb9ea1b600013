//! A server that looks up whatever id it is given.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ValidationPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.looks-up-the-empty-id",
        deviation: "An empty id is looked up and not found.",
        breaks: &["user.get.empty-id"],
        variant: Variant::ServerPolicies(|| Policies { validation: Arc::new(Unchecked), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unchecked;

impl ValidationPolicy for Unchecked {
    fn checks_id(&self) -> bool {
        false
    }
}
