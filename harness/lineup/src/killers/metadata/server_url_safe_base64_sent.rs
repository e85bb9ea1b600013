//! A server that writes URL-safe base64.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use proofmark_service::policy::{MetadataPolicy, Part, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.url-safe-base64-sent",
        deviation: "Binary values that a handler sets are sent in the URL-safe alphabet.",
        breaks: &["metadata.binary.roundtrip"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(UrlSafeBase64Sent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct UrlSafeBase64Sent;

impl MetadataPolicy for UrlSafeBase64Sent {
    fn sent(&self, part: Part, mut own: HeaderMap) -> HeaderMap {
        for (_, value) in own.iter_mut().filter(|(name, _)| name.as_str().ends_with("-bin")) {
            let text = value.to_str().unwrap_or_default().replace('+', "-").replace('/', "_");
            *value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        }
        Reference.sent(part, own)
    }
}
