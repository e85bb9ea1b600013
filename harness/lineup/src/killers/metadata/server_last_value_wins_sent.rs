//! A server whose outgoing metadata are a plain map.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Part, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.last-value-wins-sent",
        deviation: "Of several values that a handler sets for one key the last is sent.",
        breaks: &["metadata.multi.order", "metadata.binary.comma-joined"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(LastValueWinsSent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LastValueWinsSent;

impl MetadataPolicy for LastValueWinsSent {
    fn sent(&self, part: Part, own: HeaderMap) -> HeaderMap {
        let mut map = HeaderMap::new();
        own.iter().for_each(|(name, value)| {
            map.insert(name.clone(), value.clone());
        });
        Reference.sent(part, map)
    }
}
