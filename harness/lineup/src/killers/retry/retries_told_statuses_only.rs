//! A client that retries only what came as a `grpc-status`.

use std::sync::Arc;

use proofmark_client::AttemptEnd;
use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.retries-told-statuses-only",
        deviation: "Resets, lost connections and bare HTTP errors always fail the call.",
        breaks: &[
            "retry.basic.reset-before-headers-uses-mapped-status",
            "retry.basic.connection-loss-before-headers",
            "retry.basic.http-error-without-grpc-status",
        ],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Literal), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Literal;

impl RetryRules for Literal {
    fn retries_when(&self, end: &AttemptEnd, committed: bool) -> bool {
        !committed && end.from_peer
    }
}
