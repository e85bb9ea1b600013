//! A client that tidies status messages.

use std::sync::Arc;

use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.trims-messages",
        deviation: "White space at both ends of a decoded status message is cut off.",
        breaks: &["status.message.special-characters"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(TrimsMessages), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct TrimsMessages;

impl StatusRules for TrimsMessages {
    fn message(&self, value: &[u8]) -> String {
        Standard.message(value).trim().to_owned()
    }
}
