//! A client that shows initial metadata only.

use std::sync::Arc;

use proofmark_client::Metadata;
use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.no-trailing-metadata",
        deviation: "Trailing metadata of a response that has headers is not shown to the application.",
        breaks: &[
            "metadata.ascii.response-trailers",
            "metadata.binary.comma-joined",
            "metadata.binary.padding-accepted",
            "metadata.binary.roundtrip",
            "metadata.isolation.concurrent-calls",
            "metadata.multi.order",
            "metadata.position.kept-apart",
            "metadata.size.continuation",
        ],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(NoTrailingMetadata), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct NoTrailingMetadata;

impl MetadataRules for NoTrailingMetadata {
    fn trailing(&self, _initial: &Metadata, _trailing: Metadata) -> Metadata {
        Metadata::new()
    }
}
