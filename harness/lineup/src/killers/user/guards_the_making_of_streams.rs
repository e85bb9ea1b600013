//! A server that catches a panic while a stream is made, not while it runs.

use std::sync::Arc;

use proofmark_service::policy::{PanicPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.guards-only-the-making-of-streams",
        deviation: "A panic in the middle of a stream resets it.",
        breaks: &["user.panic.streaming", "status.handler.panic-status"],
        variant: Variant::ServerPolicies(|| Policies { panic: Arc::new(Outer), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Outer;

impl PanicPolicy for Outer {
    fn guards_stream(&self) -> bool {
        false
    }
}
