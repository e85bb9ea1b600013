//! A server that passes the error of its validator on.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.explains-rejections",
        deviation: "The caller is told why a token was rejected.",
        breaks: &["user.auth.invalid-token"],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(Explaining), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Explaining;

impl AuthPolicy for Explaining {
    fn rejected(&self, reason: &str) -> Result<(), Status> {
        Err(Status::unauthenticated(format!("invalid token: {reason}")))
    }
}
