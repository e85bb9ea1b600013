//! A client that retries whatever failed, once there is a policy.

use std::sync::Arc;

use proofmark_client::AttemptEnd;
use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.retries-every-status",
        deviation: "The list of retryable codes is not looked at.",
        breaks: &["retry.basic.other-status-is-final", "retry.basic.unknown-status-with-policy"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Stubborn), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Stubborn;

impl RetryRules for Stubborn {
    fn retryable(&self, _policy: &RetryPolicy, _end: &AttemptEnd) -> bool {
        true
    }
}
