//! A server whose map of errors has no row for what is not found.

use std::sync::Arc;

use proofmark_service::domain::{self, DomainError};
use proofmark_service::policy::{ErrorPolicy, Policies};
use proofmark_service::user::Method;
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.not-found-is-internal",
        deviation: "What is not found is reported as INTERNAL.",
        breaks: &["user.get.not-found", "user.errors.domain-map", "user.get.response-trailer", "status.app.table"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(Incomplete), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Incomplete;

impl ErrorPolicy for Incomplete {
    fn domain(&self, _method: Method, error: &DomainError) -> Status {
        match error {
            DomainError::NotFound(_) => Status::internal("internal error"),
            other => domain::to_status(other),
        }
    }
}
