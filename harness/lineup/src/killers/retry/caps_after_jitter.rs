//! A client whose cap cuts off the jitter.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies, Standard};
use proofmark_transport::Chance;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.caps-after-jitter",
        deviation: "`maxBackoff` caps the wait after jitter.",
        breaks: &["retry.backoff.capped-at-max"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Capped), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Capped;

impl BackoffRules for Capped {
    fn jitter(&self, nominal: Duration, policy: &RetryPolicy, chance: &mut Chance) -> Duration {
        Standard.jitter(nominal, policy, chance).min(policy.max_backoff)
    }
}
