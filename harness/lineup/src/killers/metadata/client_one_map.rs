//! A client that shows initial and trailing metadata as one map.

use std::sync::Arc;

use proofmark_client::Metadata;
use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.one-map",
        deviation: "Initial metadata is shown among the trailing metadata, too.",
        breaks: &["metadata.position.kept-apart"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(OneMap), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OneMap;

impl MetadataRules for OneMap {
    fn trailing(&self, initial: &Metadata, trailing: Metadata) -> Metadata {
        let first = initial.iter().filter(|(key, _)| trailing.get(key).is_none()).map(|(key, value)| (key.to_owned(), value.clone()));
        let mut merged: Metadata = first.collect();
        merged.extend(trailing);
        merged
    }
}
