//! A server that does not tell who is unknown from who may not.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies, Reference};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.missing-token-is-forbidden",
        deviation: "A call without a token ends with PERMISSION_DENIED.",
        breaks: &[
            "user.auth.missing-token",
            "user.auth.streaming-protected",
            "user.auth.public-methods",
            "user.log.one-line-per-unary-call",
        ],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(Forbidding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Forbidding;

impl AuthPolicy for Forbidding {
    fn token<'a>(&self, values: &[&'a [u8]]) -> Result<&'a str, Status> {
        if values.is_empty() { Err(Status::permission_denied("missing token")) } else { Reference.token(values) }
    }
}
