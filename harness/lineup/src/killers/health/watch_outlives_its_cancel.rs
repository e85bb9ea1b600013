//! A server whose Watch waits for changes and for nothing else.

use std::sync::Arc;

use proofmark_service::policy::{CancelPolicy, Loss, Policies, Reaction};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.watch-outlives-its-cancel",
        deviation: "The handler of a cancelled Watch is not told and goes on waiting.",
        breaks: &["health.watch.cancel-releases-watcher"],
        variant: Variant::ServerPolicies(|| Policies { cancel: Arc::new(Deaf), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Deaf;

impl CancelPolicy for Deaf {
    fn react(&self, path: &str, _loss: Loss) -> Reaction {
        if path == "/grpc.health.v1.Health/Watch" { Reaction::Run } else { Reaction::Drop }
    }
}
