//! A server whose connection task dies with a handler.

use std::sync::Arc;

use proofmark_service::policy::{PanicPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.panics-take-connections-along",
        deviation: "A panic ends the connection and all calls on it.",
        breaks: &[
            "user.panic.isolation",
            "user.panic.unary",
            "user.panic.streaming",
            "status.handler.panic-contained",
            "status.handler.panic-status",
        ],
        variant: Variant::ServerPolicies(|| Policies { panic: Arc::new(Contagious), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Contagious;

impl PanicPolicy for Contagious {
    fn contained(&self) -> bool {
        false
    }
}
