//! A client that does not send what it could not send again.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.fails-what-it-cannot-buffer",
        deviation: "A message beyond the retry buffer fails the call.",
        breaks: &["retry.commit.oversized-message-not-retried"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Strict), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Strict;

impl RetryRules for Strict {
    fn overflow_fails(&self) -> Option<Code> {
        Some(Code::ResourceExhausted)
    }
}
