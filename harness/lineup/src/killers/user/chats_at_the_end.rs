//! A server that hears its caller out before it says anything.

use std::sync::Arc;

use proofmark_service::policy::{Policies, UserPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.chats-at-the-end",
        deviation: "Chat answers after the half-close.",
        breaks: &[
            "user.chat.interleaved",
            "user.chat.echo",
            "user.panic.streaming",
            "user.panic.isolation",
            "user.log.one-line-per-stream-at-end",
            "user.tracing.w3c-parent",
            "shutdown.inflight.bidi-continues",
        ],
        variant: Variant::ServerPolicies(|| Policies { user: Arc::new(Collecting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Collecting;

impl UserPolicy for Collecting {
    fn answers_at_end(&self) -> bool {
        true
    }
}
