//! A client that feeds its own timeout into the retry decision.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules, Standard};
use proofmark_client::{AttemptEnd, EndClass};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.retries-its-own-expiry",
        deviation: "A deadline that passed here is retried where DEADLINE_EXCEEDED is retryable.",
        breaks: &["retry.deadline.local-expiry-never-retried"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(SelfMade), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct SelfMade;

impl RetryRules for SelfMade {
    fn retries_when(&self, end: &AttemptEnd, committed: bool) -> bool {
        !committed && (end.class == EndClass::Expired || Standard.retries_when(end, committed))
    }
}
