//! A client that shows trailing metadata only.

use std::sync::Arc;

use proofmark_client::Metadata;
use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.no-initial-metadata",
        deviation: "Initial metadata is not shown to the application.",
        breaks: &[
            "metadata.ascii.response-headers",
            "metadata.binary.comma-joined",
            "metadata.binary.padding-accepted",
            "metadata.binary.roundtrip",
            "metadata.isolation.concurrent-calls",
            "metadata.multi.order",
            "metadata.position.kept-apart",
            "metadata.size.continuation",
            "metadata.timing.initial-before-message",
            "retry.commit.headers-commit",
        ],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(NoInitialMetadata), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct NoInitialMetadata;

impl MetadataRules for NoInitialMetadata {
    fn initial(&self, _initial: Metadata) -> Metadata {
        Metadata::new()
    }
}
