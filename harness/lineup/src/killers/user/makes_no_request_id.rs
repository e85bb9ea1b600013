//! A server that takes a request id as it comes, also if none does.

use std::sync::Arc;

use http::HeaderValue;
use proofmark_service::policy::{MetadataPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.makes-no-request-id",
        deviation: "A call without a request id has an empty one.",
        breaks: &["user.metadata.request-id-generated", "metadata.gateway.request-id-generated"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(Passive), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Passive;

impl MetadataPolicy for Passive {
    fn request_id(&self, given: Option<&HeaderValue>, _fresh: &mut dyn FnMut() -> HeaderValue) -> HeaderValue {
        given.cloned().unwrap_or_else(|| HeaderValue::from_static(""))
    }
}
