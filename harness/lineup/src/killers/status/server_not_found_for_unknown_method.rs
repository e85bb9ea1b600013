//! A server that says NOT_FOUND of methods that it does not have.

use std::sync::Arc;

use proofmark_service::policy::{MessagePolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.not-found-for-unknown-method",
        deviation: "A call to an unknown method or service gets NOT_FOUND.",
        breaks: &["status.server.unknown-method-or-service", "user.log.one-line-per-unary-call", "user.proto.versioned-package"],
        variant: Variant::ServerPolicies(|| Policies { message: Arc::new(NotFoundForUnknownMethod), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct NotFoundForUnknownMethod;

impl MessagePolicy for NotFoundForUnknownMethod {
    fn unknown_method(&self, path: &str) -> Status {
        Status::not_found(format!("unknown method {path}"))
    }
}
