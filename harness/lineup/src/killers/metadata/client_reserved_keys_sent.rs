//! A client that sends whatever metadata it is given.

use std::sync::Arc;

use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.reserved-keys-sent",
        deviation: "Protocol fields among the application's metadata are sent beside the library's own.",
        breaks: &["metadata.reserved.caller-cannot-override", "retry.attempts-header.absent-on-first-attempt"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(ReservedKeysSent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ReservedKeysSent;

impl MetadataRules for ReservedKeysSent {
    fn on_reserved(&self, _key: &str) -> Result<bool, String> {
        Ok(true)
    }
}
