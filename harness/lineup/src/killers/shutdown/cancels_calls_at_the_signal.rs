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
