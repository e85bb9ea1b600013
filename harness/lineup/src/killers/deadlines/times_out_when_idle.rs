//! A client that takes a deadline for an idle timeout.

use std::sync::Arc;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.times-out-when-idle",
        deviation: "The timer restarts with every message.",
        breaks: &["deadline.client.progress-does-not-extend"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Idle), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Idle;

impl DeadlineRules for Idle {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        facts.last_message.unwrap_or(facts.started).checked_add(facts.timeout)
    }
}
