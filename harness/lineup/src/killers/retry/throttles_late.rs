//! A client that looks at its bucket before it takes the token out.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.throttles-late",
        deviation: "Whether retries are held back is decided by the count before the failure.",
        breaks: &["retry.throttle.stops-at-half"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Late), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Late;

impl RetryRules for Late {
    fn throttled(&self, tokens: i64, max: i64) -> bool {
        (tokens + 1000) * 2 <= max
    }
}
