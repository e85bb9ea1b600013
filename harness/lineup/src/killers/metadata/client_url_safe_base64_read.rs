//! A client that reads URL-safe base64.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{MetadataRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.url-safe-base64-read",
        deviation: "Received binary values with `+` or `/` are dropped.",
        breaks: &["metadata.binary.roundtrip"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(UrlSafeBase64Read), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct UrlSafeBase64Read;

impl MetadataRules for UrlSafeBase64Read {
    fn decode_binary(&self, field: &[u8]) -> Option<Vec<Bytes>> {
        if field.iter().any(|byte| matches!(byte, b'+' | b'/')) { None } else { Standard.decode_binary(field) }
    }
}
