//! A client for which what was handed over is done.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.replays-the-rest-only",
        deviation: "A later attempt sends only what the one before it had not been given.",
        breaks: &["retry.replay.stream-messages-in-order", "retry.replay.later-messages-once", "retry.basic.retryable-status-is-retried"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Forgetful), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Forgetful;

impl RetryRules for Forgetful {
    fn replay_from(&self, passed: u64) -> u64 {
        passed
    }
}
