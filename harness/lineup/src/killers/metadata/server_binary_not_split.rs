//! A server that gives whole fields to its base64 decoder.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::grpc::metadata;
use proofmark_service::policy::{MetadataPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.binary-not-split",
        deviation: "Binary values that were joined by commas are not split.",
        breaks: &["metadata.binary.comma-joined"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(BinaryNotSplit), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct BinaryNotSplit;

impl MetadataPolicy for BinaryNotSplit {
    fn received(&self, fields: &mut HeaderMap) {
        metadata::hide_protocol_fields(fields);
    }
}
