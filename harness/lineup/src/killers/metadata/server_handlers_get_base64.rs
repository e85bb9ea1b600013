//! A server that leaves the decoding of binary values to its handlers.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::grpc::metadata;
use proofmark_service::policy::{MetadataPolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.handlers-get-base64",
        deviation: "A handler gets the base64 text of a binary value in place of its bytes.",
        breaks: &[
            "metadata.binary.roundtrip",
            "metadata.binary.padding-accepted",
            "metadata.binary.comma-joined",
            "metadata.isolation.concurrent-calls",
        ],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(HandlersGetBase64), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HandlersGetBase64;

impl MetadataPolicy for HandlersGetBase64 {
    fn received(&self, fields: &mut HeaderMap) {
        Reference.received(fields);
        for (_, value) in fields.iter_mut().filter(|(name, _)| name.as_str().starts_with("x-") && name.as_str().ends_with("-bin")) {
            *value = metadata::encode(value.as_bytes());
        }
    }
}
