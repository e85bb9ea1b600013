//! A server that reads `traceparent` generously.

use std::sync::Arc;

use proofmark_service::policy::{Policies, TracingPolicy};
use proofmark_service::trace::TraceParent;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-any-traceparent",
        deviation: "A malformed `traceparent` is used as far as it can be read.",
        breaks: &["user.tracing.invalid-parent-starts-new-trace"],
        variant: Variant::ServerPolicies(|| Policies { tracing: Arc::new(Generous), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Generous;

impl TracingPolicy for Generous {
    fn parent(&self, values: &[&[u8]]) -> Option<TraceParent> {
        let text = std::str::from_utf8(values.first()?).ok()?;
        let mut parts = text.split('-').skip(1);
        let trace = u128::from_str_radix(parts.next()?, 16).ok()?;
        let span = u64::from_str_radix(parts.next()?, 16).ok()?;
        let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
        Some(TraceParent { trace, span, flags })
    }
}
