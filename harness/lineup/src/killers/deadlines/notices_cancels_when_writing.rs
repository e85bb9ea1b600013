//! A server whose handlers are not told that their caller has gone.

use std::sync::Arc;

use proofmark_service::policy::{CancelPolicy, Loss, Policies, Reaction};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.notices-cancels-when-writing",
        deviation: "A handler runs to its own end when its call is cancelled.",
        breaks: &[
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
        variant: Variant::ServerPolicies(|| Policies { cancel: Arc::new(Deaf), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Deaf;

impl CancelPolicy for Deaf {
    fn react(&self, _path: &str, _loss: Loss) -> Reaction {
        Reaction::Run
    }
}
