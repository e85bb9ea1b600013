//! A client that feeds its own timeout into the retry decision, and gives the next attempt its time anew.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies, RetryRules, Standard};
use proofmark_client::{AttemptEnd, EndClass};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.retries-its-own-expiry",
        deviation: "A deadline that passed here is retried where DEADLINE_EXCEEDED is retryable; it holds for one attempt.",
        breaks: &["retry.deadline.local-expiry-never-retried", "retry.deadline.spans-all-attempts"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(SelfMade), deadline: Arc::new(SelfMade), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct SelfMade;

impl RetryRules for SelfMade {
    fn retries_when(&self, end: &AttemptEnd, committed: bool) -> bool {
        !committed && (end.class == EndClass::Expired || Standard.retries_when(end, committed))
    }
}

impl DeadlineRules for SelfMade {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        facts.attempt_started.and_then(|started| started.checked_add(facts.timeout))
    }

    fn announced(&self, _remaining: Duration, timeout: Duration) -> Option<Duration> {
        Some(timeout)
    }
}
