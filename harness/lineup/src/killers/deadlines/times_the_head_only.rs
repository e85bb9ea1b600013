//! A client whose timer wraps the wait for the response headers.

use std::sync::Arc;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies, Standard};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.times-the-head-only",
        deviation: "Once headers have come a call never expires.",
        breaks: &["deadline.client.server-stream-mid-stream", "deadline.client.progress-does-not-extend"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(HeadOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HeadOnly;

impl DeadlineRules for HeadOnly {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        Standard.enforced_at(facts).filter(|_| facts.headers.is_none())
    }
}
