//! A client whose received metadata are a plain map.

use std::collections::BTreeMap;
use std::sync::Arc;

use proofmark_client::policy::{MetadataRules, Policies};
use proofmark_client::{Metadata, Value};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.last-value-wins-received",
        deviation: "Of several received values of one key the last is shown.",
        breaks: &["metadata.multi.order", "metadata.binary.comma-joined"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(LastValueWinsReceived), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LastValueWinsReceived;

impl MetadataRules for LastValueWinsReceived {
    fn arrange_received(&self, entries: Metadata) -> Metadata {
        let map: BTreeMap<String, Value> = entries.into_iter().collect();
        map.into_iter().collect()
    }
}
