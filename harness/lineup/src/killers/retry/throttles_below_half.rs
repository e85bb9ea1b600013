//! A client that takes half for enough.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.throttles-below-half",
        deviation: "Retries stop below half of the bucket, not at it.",
        breaks: &["retry.throttle.stops-at-half"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Below), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Below;

impl RetryRules for Below {
    fn throttled(&self, tokens: i64, max: i64) -> bool {
        tokens * 2 < max
    }
}
