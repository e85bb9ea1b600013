//! A client that repeats nothing without a policy.

use std::sync::Arc;

use proofmark_client::policy::{Made, Policies, RetryRules, Standard};
use proofmark_client::{AttemptEnd, EndClass};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.shows-refusals",
        deviation: "REFUSED_STREAM fails the call.",
        breaks: &["retry.transparent.refused-stream-retried-once-immediately"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Proud), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Proud;

impl RetryRules for Proud {
    fn transparent(&self, end: &AttemptEnd, made: Made) -> bool {
        end.class != EndClass::Refused && Standard.transparent(end, made)
    }
}
