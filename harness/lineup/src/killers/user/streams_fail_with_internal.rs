//! A server whose streaming handlers return one constant error.

use std::sync::Arc;

use proofmark_service::domain::{self, DomainError};
use proofmark_service::policy::{ErrorPolicy, Policies};
use proofmark_service::user::Method;
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.streams-fail-with-internal",
        deviation: "Domain errors of streaming methods are reported as INTERNAL.",
        breaks: &[
            "user.errors.domain-map",
            "user.batch.failure-in-the-middle",
            "user.batch.invalid-item",
            "user.list.page-size",
            "user.list.page-token-continues",
        ],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(Constant), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Constant;

impl ErrorPolicy for Constant {
    fn domain(&self, method: Method, error: &DomainError) -> Status {
        match method {
            Method::GetUser | Method::CreateUser => domain::to_status(error),
            Method::ListUsers | Method::BatchCreateUsers | Method::Chat => Status::internal(method.failure_text()),
        }
    }
}
