//! A gateway that forgets the ids after its first call.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.ids-on-first-call-only",
        deviation: "The second outgoing call of an incoming one, and every stream, has no tenant id.",
        breaks: &["metadata.gateway.allow-list-propagated", "user.metadata.ids-reach-log-and-downstream"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(IdsOnFirstCallOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct IdsOnFirstCallOnly;

impl GatewayPolicy for IdsOnFirstCallOnly {
    fn metadata(&self, mut outgoing: HeaderMap, _incoming: &HeaderMap, nth: usize, streaming: bool) -> HeaderMap {
        if nth > 0 || streaming {
            outgoing.remove("x-tenant-id");
        }
        outgoing
    }
}
