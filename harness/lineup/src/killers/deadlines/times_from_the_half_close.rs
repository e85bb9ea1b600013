//! A client whose timer runs once all is sent.

use std::sync::Arc;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies, Standard};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.times-from-the-half-close",
        deviation: "A call that is stuck in sending never expires.",
        breaks: &["deadline.client.send-blocked-by-flow-control", "deadline.client.connect-time-counts"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(FromHalfClose), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct FromHalfClose;

impl DeadlineRules for FromHalfClose {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        facts.half_closed.and_then(|_| Standard.enforced_at(facts))
    }
}
