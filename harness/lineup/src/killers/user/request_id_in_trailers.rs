//! A server that sets its response header too late.

use std::sync::Arc;

use proofmark_service::policy::{MetadataPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.sends-request-id-as-trailer",
        deviation: "`x-request-id` is sent with the trailers.",
        breaks: &["user.get.response-header", "user.metadata.request-id-generated"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(Late), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Late;

impl MetadataPolicy for Late {
    fn request_id_in_trailers(&self) -> bool {
        true
    }
}
