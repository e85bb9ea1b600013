//! A client that draws its wait from zero up to the nominal time.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies};
use proofmark_transport::Chance;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.has-full-jitter",
        deviation: "Jitter is full: 0 to 1 times the nominal wait.",
        breaks: &[
            "retry.backoff.first-delay-window",
            "retry.backoff.grows-by-multiplier",
            "retry.backoff.capped-at-max",
            "retry.basic.reset-before-headers-uses-mapped-status",
            "retry.basic.connection-loss-before-headers",
            "retry.backoff.jitter-varies",
        ],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Full), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Full;

impl BackoffRules for Full {
    fn jitter(&self, nominal: Duration, _policy: &RetryPolicy, chance: &mut Chance) -> Duration {
        nominal.mul_f64(chance.fraction())
    }
}
