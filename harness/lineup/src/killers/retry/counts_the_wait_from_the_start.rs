//! A client whose wait runs while the attempt does.

use std::sync::Arc;

use proofmark_client::policy::{BackoffRules, Policies};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.counts-the-wait-from-the-start",
        deviation: "The wait is counted from the start of the failed attempt.",
        breaks: &["retry.backoff.first-delay-window"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Hasty), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Hasty;

impl BackoffRules for Hasty {
    fn counted_from(&self, attempt_started: Instant, _attempt_ended: Instant) -> Instant {
        attempt_started
    }
}
