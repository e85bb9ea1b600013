//! A client that jitters what the server asked for.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{BackoffRules, Policies};
use proofmark_transport::Chance;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.jitters-pushback",
        deviation: "The wait that a pushback asks for is jittered.",
        breaks: &["retry.pushback.delay-is-exact"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Jittery), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Jittery;

impl BackoffRules for Jittery {
    fn pushed(&self, pushback: Duration, policy: &RetryPolicy, chance: &mut Chance) -> Duration {
        self.jitter(pushback, policy, chance)
    }
}
