//! A server that always waits for the whole grace period.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.sleeps-through-its-grace",
        deviation: "The end of the last call does not end the process; only the grace period does.",
        breaks: &[
            "shutdown.exit.prompt-when-drained",
            "shutdown.goaway.unacked-ping-bounded",
            "shutdown.long-lived.watch-does-not-hold-drain",
            "shutdown.peer.stalled-preface",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Sleeping), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Sleeping;

impl ShutdownPolicy for Sleeping {
    fn ends_when_drained(&self) -> bool {
        false
    }
}
