//! A client that looks at its deadlines when something arrives.

use std::sync::Arc;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies, Standard};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.looks-at-the-clock-when-frames-come",
        deviation: "Nothing ends a call of whose response nothing has come.",
        breaks: &[
            "deadline.client.unary-silent-server",
            "deadline.client.not-early",
            "deadline.client.blackholed-connection",
            "deadline.client.send-blocked-by-flow-control",
            "retry.deadline.spans-all-attempts",
            "retry.deadline.local-expiry-never-retried",
            "service-config.timeout.smaller-of-two-wins",
            "service-config.timeout.fractional-seconds",
        ],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Driven), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Driven;

impl DeadlineRules for Driven {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        let is_silent = facts.opened.is_some() && facts.headers.is_none();
        Standard.enforced_at(facts).filter(|_| !is_silent)
    }
}
