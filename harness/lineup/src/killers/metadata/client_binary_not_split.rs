//! A client that gives whole fields to its base64 decoder.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{MetadataRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.binary-not-split",
        deviation: "Received binary values that were joined by commas are dropped.",
        breaks: &["metadata.binary.comma-joined"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(BinaryNotSplit), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct BinaryNotSplit;

impl MetadataRules for BinaryNotSplit {
    fn decode_binary(&self, field: &[u8]) -> Option<Vec<Bytes>> {
        if field.contains(&b',') { None } else { Standard.decode_binary(field) }
    }
}
