//! A server whose calls hang on the context that the signal cancels.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.cancels-calls-at-the-signal",
        deviation: "Calls in flight are cut off when the shutdown begins.",
        breaks: &[
            "shutdown.inflight.unary-real-status",
            "shutdown.inflight.server-stream-completes",
            "shutdown.inflight.client-stream-completes",
            "shutdown.inflight.bidi-continues",
            "shutdown.close.after-last-stream",
            "shutdown.close.idle-connection-at-once",
            "shutdown.exit.prompt-when-drained",
            "shutdown.goaway.second-after-round-trip",
            "shutdown.exit.status-zero",
            "shutdown.grace.expiry-forces",
            "shutdown.order.repository-outlives-handlers",
            "shutdown.peer.never-reads",
            "shutdown.signal.sigint-starts-drain",
            "shutdown.signal.sigterm-starts-drain",
            "health.shutdown.check-still-answers",
            "shutdown.listener.new-connections-refused",
            "shutdown.streams.between-goaways-served",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Hasty), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Hasty;

impl ShutdownPolicy for Hasty {
    fn grace(&self, _set: Duration) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}
