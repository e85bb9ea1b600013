//! A server that does not know the error of its unique constraint.

use std::sync::Arc;

use proofmark_service::domain::{self, DomainError};
use proofmark_service::policy::{ErrorPolicy, Policies};
use proofmark_service::user::Method;
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.duplicates-are-internal",
        deviation: "A duplicate key is reported as INTERNAL.",
        breaks: &["user.create.duplicate", "user.errors.domain-map", "status.app.table"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(Unaware), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unaware;

impl ErrorPolicy for Unaware {
    fn domain(&self, _method: Method, error: &DomainError) -> Status {
        match error {
            DomainError::AlreadyExists(_) => Status::internal("internal error"),
            other => domain::to_status(other),
        }
    }
}
