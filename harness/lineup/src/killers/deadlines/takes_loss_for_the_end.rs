//! A server that cannot tell a reset from the end of input.

use std::sync::Arc;

use proofmark_service::policy::{CancelPolicy, Loss, Policies, Reaction};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-loss-for-the-end",
        deviation: "A request stream that is reset or lost shows a clean end.",
        breaks: &[
            "cancel.server.receive-is-error-not-end",
            "cancel.server.handler-notified",
            "cancel.server.any-reset-code",
            "cancel.server.connection-loss",
            "cancel.both.neighbours-unaffected",
            "cancel.gateway.propagates",
            "health.watch.cancel-releases-watcher",
            "metadata.isolation.concurrent-calls",
            "user.errors.deadline-and-cancel-kept",
            "user.list.cancel-stops-work",
            "user.log.one-line-per-stream-at-end",
        ],
        variant: Variant::ServerPolicies(|| Policies { cancel: Arc::new(Trusting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Trusting;

impl CancelPolicy for Trusting {
    fn react(&self, _path: &str, _loss: Loss) -> Reaction {
        Reaction::EndInput
    }
}
