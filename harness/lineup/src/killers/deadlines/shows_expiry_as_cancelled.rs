//! A client whose timer goes the way of a cancel.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{DeadlineRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.shows-expiry-as-cancelled",
        deviation: "A call whose deadline passed ends with CANCELLED.",
        breaks: &[
            "deadline.client.unary-silent-server",
            "deadline.client.not-early",
            "deadline.client.blackholed-connection",
            "deadline.client.connect-time-counts",
            "deadline.client.send-blocked-by-flow-control",
            "deadline.client.server-stream-mid-stream",
            "deadline.client.progress-does-not-extend",
            "deadline.client.late-response-ignored",
            "cancel.both.neighbours-unaffected",
            "retry.deadline.spans-all-attempts",
            "retry.deadline.local-expiry-never-retried",
            "service-config.timeout.smaller-of-two-wins",
            "service-config.timeout.fractional-seconds",
        ],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Mistaken), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Mistaken;

impl DeadlineRules for Mistaken {
    fn expired(&self) -> (Code, &'static str) {
        (Code::Cancelled, "the call was cancelled")
    }
}
