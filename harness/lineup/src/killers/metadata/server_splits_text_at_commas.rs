//! A server that splits every value at commas, as is right for binary keys only.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use proofmark_service::policy::{MetadataPolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.splits-text-at-commas",
        deviation: "Text values of a request are cut at their commas.",
        breaks: &["metadata.ascii.request"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(SplitsTextAtCommas), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct SplitsTextAtCommas;

impl MetadataPolicy for SplitsTextAtCommas {
    fn received(&self, fields: &mut HeaderMap) {
        Reference.received(fields);
        let mut split = HeaderMap::new();
        for (name, value) in fields.iter() {
            if name.as_str().ends_with("-bin") {
                split.append(name.clone(), value.clone());
                continue;
            }
            for part in value.as_bytes().split(|byte| *byte == b',') {
                if let Ok(part) = HeaderValue::from_bytes(part.trim_ascii()) {
                    split.append(name.clone(), part);
                }
            }
        }
        *fields = split;
    }
}
