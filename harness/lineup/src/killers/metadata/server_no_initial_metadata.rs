//! A server that sends initial metadata with the trailers, if at all.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Part, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.no-initial-metadata",
        deviation: "What a handler sets as initial metadata is not in the response headers.",
        breaks: &[
            "metadata.ascii.response-headers",
            "metadata.binary.roundtrip",
            "metadata.isolation.concurrent-calls",
            "metadata.multi.order",
            "metadata.timing.initial-before-message",
        ],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(NoInitialMetadata), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct NoInitialMetadata;

impl MetadataPolicy for NoInitialMetadata {
    fn sent(&self, part: Part, own: HeaderMap) -> HeaderMap {
        match part {
            Part::Initial => HeaderMap::new(),
            _ => Reference.sent(part, own),
        }
    }
}
