//! A client whose bucket is full after one success.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.refills-at-once",
        deviation: "A success restores the full bucket.",
        breaks: &["retry.throttle.success-refills"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Generous), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Generous;

impl RetryRules for Generous {
    fn after_success(&self, _tokens: i64, _ratio: i64, max: i64) -> i64 {
        max
    }
}
