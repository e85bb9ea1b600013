//! A server that is off by one.

use std::sync::Arc;

use proofmark_service::policy::{Policies, UserPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.miscounts-batches",
        deviation: "A batch answers one more than it has stored.",
        breaks: &["user.batch.count", "shutdown.inflight.client-stream-completes"],
        variant: Variant::ServerPolicies(|| Policies { user: Arc::new(Miscounting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Miscounting;

impl UserPolicy for Miscounting {
    fn batch_count(&self, stored: usize) -> usize {
        stored + 1
    }
}
