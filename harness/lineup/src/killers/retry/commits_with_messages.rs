//! A client that only a message commits.

use std::sync::Arc;

use proofmark_client::policy::{Commit, Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.commits-with-messages",
        deviation: "Response headers do not tie a call to its attempt.",
        breaks: &["retry.commit.headers-commit"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(MessagesOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct MessagesOnly;

impl RetryRules for MessagesOnly {
    fn commits(&self, moment: Commit) -> bool {
        matches!(moment, Commit::Message | Commit::Overflow)
    }
}
