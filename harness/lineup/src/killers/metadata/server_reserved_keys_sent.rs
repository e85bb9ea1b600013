//! A server that sends whatever metadata its handlers set.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Part, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.reserved-keys-sent",
        deviation: "Protocol fields among a handler's metadata are sent beside the library's own.",
        breaks: &["metadata.reserved.handler-cannot-override"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(ReservedKeysSent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ReservedKeysSent;

impl MetadataPolicy for ReservedKeysSent {
    fn sent(&self, _part: Part, own: HeaderMap) -> HeaderMap {
        own
    }
}
