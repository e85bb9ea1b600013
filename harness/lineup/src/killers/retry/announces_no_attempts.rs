//! A client that says of its first attempt that it is the first.

use std::sync::Arc;

use proofmark_client::policy::{Made, Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.announces-no-attempts",
        deviation: "The first attempt carries `grpc-previous-rpc-attempts: 0`.",
        breaks: &[
            "retry.attempts-header.absent-on-first-attempt",
            "retry.transparent.goaway-unprocessed-stream",
            "load-balancing.wait-for-ready.waits-through-transient-failure",
            "shutdown.client.unprocessed-retried",
        ],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Talkative), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Talkative;

impl RetryRules for Talkative {
    fn attempts_header(&self, made: Made) -> Option<u32> {
        Some(made.counted)
    }
}
