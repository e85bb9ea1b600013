//! A client that waits exactly the nominal time.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies};
use proofmark_transport::Chance;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.has-no-jitter",
        deviation: "The wait before a retry is not jittered.",
        breaks: &["retry.backoff.first-delay-window", "retry.backoff.jitter-varies", "retry.backoff.capped-at-max"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Exact), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Exact;

impl BackoffRules for Exact {
    fn jitter(&self, nominal: Duration, _policy: &RetryPolicy, _chance: &mut Chance) -> Duration {
        nominal
    }
}
