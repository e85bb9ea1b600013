//! A server that builds a new status from the one it got.

use std::sync::Arc;

use proofmark_service::policy::{ErrorPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.rewraps-statuses",
        deviation: "An error that is a status already loses its details.",
        breaks: &["user.errors.status-passthrough", "status.details.roundtrip", "status.handler.wrapped-status-kept"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(Rewrapping), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Rewrapping;

impl ErrorPolicy for Rewrapping {
    fn status(&self, status: Status) -> Status {
        Status::new(status.code(), status.message())
    }
}
