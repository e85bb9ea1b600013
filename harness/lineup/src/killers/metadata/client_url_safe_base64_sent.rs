//! A client that writes URL-safe base64.

use std::sync::Arc;

use proofmark_client::policy::{MetadataRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.url-safe-base64-sent",
        deviation: "Binary values are sent in the URL-safe alphabet.",
        breaks: &["metadata.binary.roundtrip"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(UrlSafeBase64Sent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct UrlSafeBase64Sent;

impl MetadataRules for UrlSafeBase64Sent {
    fn encode_binary(&self, value: &[u8]) -> String {
        Standard.encode_binary(value).replace('+', "-").replace('/', "_")
    }
}
