//! A client whose outgoing metadata are a plain map.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.last-value-wins-sent",
        deviation: "Of several values of one key the last is sent.",
        breaks: &["metadata.multi.order"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(LastValueWinsSent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LastValueWinsSent;

impl MetadataRules for LastValueWinsSent {
    fn arrange(&self, fields: Vec<(HeaderName, HeaderValue)>) -> Vec<(HeaderName, HeaderValue)> {
        let mut map = HeaderMap::new();
        fields.into_iter().for_each(|(name, value)| {
            map.insert(name, value);
        });
        map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
