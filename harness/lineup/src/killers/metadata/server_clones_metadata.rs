//! A gateway that clones the incoming metadata.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.clones-metadata",
        deviation: "Credentials of the incoming call are on outgoing calls.",
        breaks: &["metadata.gateway.credentials-not-propagated"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(ClonesMetadata), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ClonesMetadata;

impl GatewayPolicy for ClonesMetadata {
    fn metadata(&self, mut outgoing: HeaderMap, incoming: &HeaderMap, _nth: usize, _streaming: bool) -> HeaderMap {
        for name in ["authorization", "cookie", "x-api-key"] {
            if let Some(value) = incoming.get(name) {
                outgoing.insert(name, value.clone());
            }
        }
        outgoing
    }
}
