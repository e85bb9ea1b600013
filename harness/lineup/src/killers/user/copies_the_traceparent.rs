//! A server that passes `traceparent` on as it came.

use std::sync::Arc;

use proofmark_service::policy::{Policies, TracingPolicy};
use proofmark_service::trace::TraceParent;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.copies-the-traceparent",
        deviation: "Outgoing calls carry the caller's span as their parent.",
        breaks: &["user.tracing.outgoing-context"],
        variant: Variant::ServerPolicies(|| Policies { tracing: Arc::new(Copying), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Copying;

impl TracingPolicy for Copying {
    fn fixed(&self, _own: TraceParent, incoming: Option<TraceParent>) -> Option<TraceParent> {
        incoming
    }
}
