//! A server that lets everybody in while it cannot check tokens.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.fails-open",
        deviation: "Without its validator a server takes every token.",
        breaks: &["user.auth.invalid-token"],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(Open), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Open;

impl AuthPolicy for Open {
    fn unavailable(&self) -> Result<(), Status> {
        Ok(())
    }
}
