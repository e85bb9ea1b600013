//! A server that drops a handler's trailers when the call succeeds.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Part, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.success-without-trailers",
        deviation: "Trailing metadata is sent with failures only.",
        breaks: &[
            "metadata.ascii.response-trailers",
            "metadata.binary.comma-joined",
            "metadata.binary.roundtrip",
            "metadata.isolation.concurrent-calls",
            "metadata.multi.order",
            "metadata.size.continuation",
            "user.list.page-token-continues",
        ],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(SuccessWithoutTrailers), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct SuccessWithoutTrailers;

impl MetadataPolicy for SuccessWithoutTrailers {
    fn sent(&self, part: Part, own: HeaderMap) -> HeaderMap {
        match part {
            Part::Trailing => HeaderMap::new(),
            _ => Reference.sent(part, own),
        }
    }
}
