//! A gateway that records spans and does not pass them on.

use std::sync::Arc;

use proofmark_service::policy::{Policies, TracingPolicy};
use proofmark_service::trace::TraceParent;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.one-parent-for-all-attempts",
        deviation: "All outgoing calls of an incoming one carry the same parent-id.",
        breaks: &["metadata.gateway.traceparent-continued", "user.tracing.outgoing-context"],
        variant: Variant::ServerPolicies(|| Policies { tracing: Arc::new(OneParentForAllAttempts), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OneParentForAllAttempts;

impl TracingPolicy for OneParentForAllAttempts {
    fn fixed(&self, own: TraceParent, _incoming: Option<TraceParent>) -> Option<TraceParent> {
        Some(own)
    }
}
