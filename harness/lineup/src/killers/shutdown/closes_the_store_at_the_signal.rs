//! A server that closes its database pool in the signal handler.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy, Step};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.closes-the-store-at-the-signal",
        deviation: "The store is closed while handlers still need it.",
        breaks: &[
            "shutdown.order.repository-outlives-handlers",
            "shutdown.inflight.client-stream-completes",
            "shutdown.inflight.server-stream-completes",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(PoolFirst), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct PoolFirst;

impl ShutdownPolicy for PoolFirst {
    fn plan(&self) -> Vec<Step> {
        vec![
            Step::NotServing,
            Step::CloseStore,
            Step::LameDuck,
            Step::CloseListener,
            Step::EndWatches,
            Step::GoAway,
            Step::Grace,
            Step::Force,
        ]
    }
}
