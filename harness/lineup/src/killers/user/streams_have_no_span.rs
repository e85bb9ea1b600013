//! A server that traces unary calls only.

use std::sync::Arc;

use proofmark_service::policy::{Policies, TracingPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.streams-have-no-span",
        deviation: "A Chat has no span.",
        breaks: &["user.tracing.w3c-parent"],
        variant: Variant::ServerPolicies(|| Policies { tracing: Arc::new(UnaryOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct UnaryOnly;

impl TracingPolicy for UnaryOnly {
    fn records(&self, path: &str, _dropped: bool) -> bool {
        path != "/user.v1.UserService/Chat"
    }
}
