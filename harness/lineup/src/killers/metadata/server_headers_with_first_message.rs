//! A server that holds response headers back.

use std::sync::Arc;

use proofmark_service::policy::{MetadataPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.headers-with-first-message",
        deviation: "Initial metadata leave with the first message.",
        breaks: &["metadata.timing.initial-before-message"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(HeadersWithFirstMessage), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HeadersWithFirstMessage;

impl MetadataPolicy for HeadersWithFirstMessage {
    fn sends_headers_at_once(&self) -> bool {
        false
    }
}
