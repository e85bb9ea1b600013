//! A server with an interceptor for unary calls and none for streams.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.guards-unary-calls-only",
        deviation: "Streaming methods need no token.",
        breaks: &["user.auth.streaming-protected"],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(UnaryOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct UnaryOnly;

impl AuthPolicy for UnaryOnly {
    fn guards(&self, path: &str) -> bool {
        !matches!(path, "/user.v1.UserService/ListUsers" | "/user.v1.UserService/BatchCreateUsers" | "/user.v1.UserService/Chat")
    }
}
