//! A client that nothing of a response commits.

use std::sync::Arc;

use proofmark_client::policy::{Commit, Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.retries-after-messages",
        deviation: "Neither headers nor messages tie a call to its attempt.",
        breaks: &["retry.commit.headers-commit"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(NeverBound), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct NeverBound;

impl RetryRules for NeverBound {
    fn commits(&self, moment: Commit) -> bool {
        moment == Commit::Overflow
    }
}
