//! A server that shows handlers no field of the protocol at all.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MetadataPolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.hides-the-attempts",
        deviation: "`grpc-previous-rpc-attempts` is hidden with the other `grpc-` fields.",
        breaks: &["retry.attempts-header.visible-to-server-handler"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(Hiding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Hiding;

impl MetadataPolicy for Hiding {
    fn received(&self, fields: &mut HeaderMap) {
        Reference.received(fields);
        fields.remove("grpc-previous-rpc-attempts");
    }
}
