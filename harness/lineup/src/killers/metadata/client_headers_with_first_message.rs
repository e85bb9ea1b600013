//! A client that shows response headers late.

use std::sync::Arc;

use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.headers-with-first-message",
        deviation: "Initial metadata are shown with the first message or the end.",
        breaks: &["metadata.timing.initial-before-message"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(HeadersWithFirstMessage), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HeadersWithFirstMessage;

impl MetadataRules for HeadersWithFirstMessage {
    fn initial_at_once(&self) -> bool {
        false
    }
}
