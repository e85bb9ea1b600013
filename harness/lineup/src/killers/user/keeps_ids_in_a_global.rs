//! A server that keeps the ids of a call where all calls share them.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue};
use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.keeps-ids-in-a-global",
        deviation: "Outgoing calls carry the ids of another call.",
        breaks: &["user.metadata.ids-reach-log-and-downstream"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(Global::default()), ..Policies::default() }),
    }
}

#[derive(Debug, Default)]
struct Global {
    tenant: Mutex<Option<Option<HeaderValue>>>,
}

impl GatewayPolicy for Global {
    fn metadata(&self, mut outgoing: HeaderMap, _incoming: &HeaderMap, _nth: usize, _streaming: bool) -> HeaderMap {
        let tenant =
            self.tenant.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| outgoing.get(TENANT).cloned()).clone();
        if let Some(tenant) = tenant {
            outgoing.insert(TENANT, tenant);
        }
        outgoing
    }
}

const TENANT: &str = "x-tenant-id";
