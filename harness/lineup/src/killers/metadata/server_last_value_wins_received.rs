//! A server whose received metadata are a plain map.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.last-value-wins-received",
        deviation: "Of several fields with one name a handler sees the last.",
        breaks: &["metadata.multi.order", "metadata.gateway.allow-list-propagated"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(LastValueWinsReceived), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LastValueWinsReceived;

impl MetadataPolicy for LastValueWinsReceived {
    fn received(&self, fields: &mut HeaderMap) {
        let mut map = HeaderMap::new();
        fields.iter().for_each(|(name, value)| {
            map.insert(name.clone(), value.clone());
        });
        *fields = map;
        Reference.received(fields);
    }
}
