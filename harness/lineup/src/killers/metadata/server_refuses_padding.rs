//! A server with a base64 decoder that knows no padding.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.refuses-padding",
        deviation: "Received binary values with padding are dropped.",
        breaks: &["metadata.binary.padding-accepted", "metadata.binary.comma-joined"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(RefusesPadding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct RefusesPadding;

impl MetadataPolicy for RefusesPadding {
    fn received(&self, fields: &mut HeaderMap) {
        let padded = fields.iter().filter(|(name, value)| name.as_str().ends_with("-bin") && value.as_bytes().contains(&b'='));
        let names: Vec<_> = padded.map(|(name, _)| name.clone()).collect();
        names.iter().for_each(|name| {
            fields.remove(name);
        });
        Reference.received(fields);
    }
}
