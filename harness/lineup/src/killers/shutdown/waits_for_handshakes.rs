//! A server whose drain waits for every connection task.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.waits-for-handshakes",
        deviation: "A connection without a finished preface holds the server until the grace period ends.",
        breaks: &["shutdown.peer.stalled-preface"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Courteous), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Courteous;

impl ShutdownPolicy for Courteous {
    fn closes_unready(&self) -> bool {
        false
    }
}
