//! A client that has no limit for what it keeps.

use std::sync::Arc;

use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.buffers-everything",
        deviation: "The limit of the retry buffer is not looked at.",
        breaks: &["retry.commit.oversized-message-not-retried"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Hoarder), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Hoarder;

impl RetryRules for Hoarder {
    fn buffers(&self, _bytes: usize, _limit: usize) -> bool {
        true
    }
}
