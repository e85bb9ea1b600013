//! A server that waits for its clients to close.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.leaves-drained-connections",
        deviation: "A draining connection without calls is kept until the grace period ends.",
        breaks: &[
            "shutdown.exit.prompt-when-drained",
            "shutdown.goaway.unacked-ping-bounded",
            "shutdown.long-lived.watch-does-not-hold-drain",
            "shutdown.peer.stalled-preface",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Waiting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Waiting;

impl ShutdownPolicy for Waiting {
    fn closes_drained(&self, _served_calls: bool) -> bool {
        false
    }
}
