//! A client whose waits do not grow.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.waits-a-constant-time",
        deviation: "Every retry waits for `initialBackoff`.",
        breaks: &["retry.backoff.grows-by-multiplier", "retry.backoff.capped-at-max"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Constant), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Constant;

impl BackoffRules for Constant {
    fn nominal(&self, policy: &RetryPolicy, _retry: u32, _before: Option<Duration>) -> Duration {
        policy.initial_backoff
    }
}
