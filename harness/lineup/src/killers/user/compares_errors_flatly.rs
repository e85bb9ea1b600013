//! A server that compares errors and does not look into them.

use std::sync::Arc;

use proofmark_service::policy::{ErrorPolicy, Policies};
use proofmark_service::user::Method;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.compares-errors-flatly",
        deviation: "A domain error or a status below another error is not recognised.",
        breaks: &["user.get.not-found", "user.errors.domain-map", "user.errors.status-passthrough", "status.handler.wrapped-status-kept"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(Flat), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Flat;

impl ErrorPolicy for Flat {
    fn looks_below(&self, _method: Method) -> bool {
        false
    }
}
