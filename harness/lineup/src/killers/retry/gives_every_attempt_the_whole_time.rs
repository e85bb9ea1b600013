//! A client whose deadline starts anew with each attempt.

use std::sync::Arc;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.gives-every-attempt-the-whole-time",
        deviation: "The timeout is counted from the start of the attempt.",
        breaks: &["retry.deadline.spans-all-attempts"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Anew), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Anew;

impl DeadlineRules for Anew {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        facts.attempt_started.unwrap_or(facts.started).checked_add(facts.timeout)
    }
}
