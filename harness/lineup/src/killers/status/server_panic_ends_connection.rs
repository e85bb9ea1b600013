//! A server whose connections die with a panic.

use std::sync::Arc;

use proofmark_service::policy::{PanicPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.panic-ends-connection",
        deviation: "A panic in one handler ends the connection and all its calls.",
        breaks: &[
            "status.handler.panic-contained",
            "status.handler.panic-status",
            "user.panic.streaming",
            "user.panic.unary",
            "user.panic.isolation",
        ],
        variant: Variant::ServerPolicies(|| Policies { panic: Arc::new(PanicEndsConnection), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct PanicEndsConnection;

impl PanicPolicy for PanicEndsConnection {
    fn contained(&self) -> bool {
        false
    }
}
