//! A client whose bucket never fills again.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.stays-throttled",
        deviation: "A success adds nothing to the bucket.",
        breaks: &["retry.throttle.success-refills"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Sticky), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Sticky;

impl RetryRules for Sticky {
    fn after_success(&self, tokens: i64, _ratio: i64, _max: i64) -> i64 {
        tokens
    }
}
