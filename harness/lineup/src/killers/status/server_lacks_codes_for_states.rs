//! A service whose table of domain errors ends too early.

use std::sync::Arc;

use proofmark_service::DomainError;
use proofmark_service::policy::{ErrorPolicy, Policies, Reference};
use proofmark_service::user::Method;
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.lacks-codes-for-states",
        deviation: "A wrong state and something that is not supported are INTERNAL like everything without a row of its own.",
        breaks: &["status.app.table"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(LacksCodesForStates), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LacksCodesForStates;

impl ErrorPolicy for LacksCodesForStates {
    fn domain(&self, method: Method, error: &DomainError) -> Status {
        match error {
            DomainError::WrongState | DomainError::NotSupported => Status::internal("internal error"),
            _ => Reference.domain(method, error),
        }
    }
}
