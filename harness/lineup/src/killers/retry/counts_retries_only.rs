//! A client that takes `maxAttempts` for the number of retries.

use std::sync::Arc;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{Made, Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.counts-retries-only",
        deviation: "The first attempt does not count, so that one too many is made.",
        breaks: &[
            "retry.basic.max-attempts-includes-first",
            "retry.basic.last-attempt-is-what-the-caller-sees",
            "retry.backoff.grows-by-multiplier",
            "retry.backoff.capped-at-max",
            "service-config.match.exact-method-wins",
            "service-config.match.fallback-order",
        ],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(OffByOne), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OffByOne;

impl RetryRules for OffByOne {
    fn attempts_left(&self, policy: &RetryPolicy, made: Made) -> bool {
        made.counted <= policy.max_attempts
    }
}
