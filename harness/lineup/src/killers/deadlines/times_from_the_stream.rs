//! A client whose timer starts when the stream is open.

use std::sync::Arc;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.times-from-the-stream",
        deviation: "Connecting does not count against the deadline.",
        breaks: &["deadline.client.connect-time-counts", "retry.deadline.spans-all-attempts"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(FromStream), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct FromStream;

impl DeadlineRules for FromStream {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        facts.opened.and_then(|opened| opened.checked_add(facts.timeout))
    }
}
