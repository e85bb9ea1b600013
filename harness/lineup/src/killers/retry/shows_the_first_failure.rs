//! A client that keeps the status of the attempt before.

use std::sync::Arc;

use proofmark_client::AttemptEnd;
use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.shows-the-first-failure",
        deviation: "When the last attempt fails, the caller gets the status of the failure before it.",
        breaks: &["retry.basic.last-attempt-is-what-the-caller-sees", "retry.basic.other-status-is-final"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Nostalgic), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Nostalgic;

impl RetryRules for Nostalgic {
    fn shown(&self, earlier: Option<&AttemptEnd>, last: AttemptEnd) -> AttemptEnd {
        earlier.filter(|_| !last.outcome.is_ok()).cloned().unwrap_or(last)
    }
}
