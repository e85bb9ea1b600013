//! A server that exits with the number of the signal.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.exits-as-if-killed",
        deviation: "A drain that completes exits with status 143.",
        breaks: &[
            "shutdown.exit.status-zero",
            "shutdown.goaway.unacked-ping-bounded",
            "shutdown.long-lived.watch-does-not-hold-drain",
            "shutdown.order.repository-outlives-handlers",
            "shutdown.peer.stalled-preface",
            "shutdown.signal.sigint-starts-drain",
            "shutdown.signal.sigterm-starts-drain",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Numbered), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Numbered;

impl ShutdownPolicy for Numbered {
    fn exit_status(&self, _forced: bool) -> u8 {
        143
    }
}
