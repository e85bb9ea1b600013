//! A server that drops a handler's trailers when the call fails.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Part, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.errors-without-trailers",
        deviation: "Trailing metadata is sent with OK only.",
        breaks: &["metadata.ascii.response-trailers", "metadata.multi.order"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(ErrorsWithoutTrailers), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ErrorsWithoutTrailers;

impl MetadataPolicy for ErrorsWithoutTrailers {
    fn sent(&self, part: Part, own: HeaderMap) -> HeaderMap {
        match part {
            Part::Failed => HeaderMap::new(),
            _ => Reference.sent(part, own),
        }
    }
}
