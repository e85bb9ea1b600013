//! A server that inspects only the outermost error.

use std::sync::Arc;

use proofmark_service::policy::{ErrorPolicy, Policies};
use proofmark_service::user::Method;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.looks-at-outermost-error",
        deviation: "A status below other errors is not found.",
        breaks: &["status.handler.wrapped-status-kept", "user.errors.domain-map", "user.errors.status-passthrough", "user.get.not-found"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(LooksAtOutermostError), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LooksAtOutermostError;

impl ErrorPolicy for LooksAtOutermostError {
    fn looks_below(&self, _method: Method) -> bool {
        false
    }
}
