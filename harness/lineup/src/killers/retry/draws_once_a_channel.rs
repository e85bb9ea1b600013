//! A client whose calls retry in lock step.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies};
use proofmark_transport::Chance;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.draws-once-a-channel",
        deviation: "The jitter factor is drawn once a channel.",
        breaks: &["retry.backoff.jitter-varies", "retry.backoff.capped-at-max"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(OneFactor::default()), ..Policies::default() }),
    }
}

#[derive(Debug, Default)]
struct OneFactor(OnceLock<f64>);

impl BackoffRules for OneFactor {
    fn jitter(&self, nominal: Duration, _policy: &RetryPolicy, chance: &mut Chance) -> Duration {
        nominal.mul_f64(*self.0.get_or_init(|| 0.8 + 0.4 * chance.fraction()))
    }
}
