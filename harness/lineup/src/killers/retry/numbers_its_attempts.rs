//! A client that sends the number of the attempt.

use std::sync::Arc;

use proofmark_client::policy::{Made, Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.numbers-its-attempts",
        deviation: "`grpc-previous-rpc-attempts` says 2 on the second attempt.",
        breaks: &[
            "retry.attempts-header.counts-preceding-attempts",
            "retry.basic.reset-before-headers-uses-mapped-status",
            "retry.basic.connection-loss-before-headers",
            "retry.replay.later-messages-once",
        ],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Numbering), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Numbering;

impl RetryRules for Numbering {
    fn attempts_header(&self, made: Made) -> Option<u32> {
        (made.counted > 0).then_some(made.counted + 1)
    }
}
