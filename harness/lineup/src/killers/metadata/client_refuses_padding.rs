//! A client with a base64 decoder that knows no padding.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{MetadataRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.refuses-padding",
        deviation: "Received binary values with padding are dropped.",
        breaks: &["metadata.binary.padding-accepted", "metadata.binary.comma-joined"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(RefusesPadding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct RefusesPadding;

impl MetadataRules for RefusesPadding {
    fn decode_binary(&self, field: &[u8]) -> Option<Vec<Bytes>> {
        if field.contains(&b'=') { None } else { Standard.decode_binary(field) }
    }
}
