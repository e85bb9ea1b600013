//! A server that matches public methods by their beginning.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.public-by-prefix",
        deviation: "A method whose name begins like a public one needs no token.",
        breaks: &["user.auth.public-methods"],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(Prefix), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Prefix;

impl AuthPolicy for Prefix {
    fn is_public(&self, path: &str) -> bool {
        path.starts_with("/grpc.health.v1.Health") || path.starts_with("/grpc.reflection.")
    }
}
