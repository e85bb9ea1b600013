//! A client that multiplies the wait it really made.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.compounds-its-jitter",
        deviation: "The jittered wait is multiplied, so that its error compounds.",
        breaks: &["retry.backoff.grows-by-multiplier"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Compounding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Compounding;

impl BackoffRules for Compounding {
    fn nominal(&self, policy: &RetryPolicy, _retry: u32, before: Option<Duration>) -> Duration {
        before.map_or(policy.initial_backoff, |before| before.mul_f64(policy.multiplier)).min(policy.max_backoff)
    }
}
