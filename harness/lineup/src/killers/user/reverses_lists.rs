//! A server whose lists come in whatever order its map has.

use std::sync::Arc;

use proofmark_service::policy::{Policies, UserPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.reverses-lists",
        deviation: "A list of users is not in the order in which they were stored.",
        breaks: &[
            "user.list.streams-in-order",
            "user.batch.count",
            "user.create.duplicate",
            "user.get.found",
            "user.list.cancel-stops-work",
            "user.panic.streaming",
            "shutdown.inflight.server-stream-completes",
        ],
        variant: Variant::ServerPolicies(|| Policies { user: Arc::new(Unordered), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unordered;

impl UserPolicy for Unordered {
    fn reverses_page(&self) -> bool {
        true
    }
}
