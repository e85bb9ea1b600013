//! A client that knows entries with a service only.

use std::sync::Arc;

use proofmark_client::config::{MethodConfig, ServiceConfig};
use proofmark_client::policy::{ConfigRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.knows-no-default-entry",
        deviation: "The entry with an empty name applies to nothing.",
        breaks: &["service-config.match.fallback-order"],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Narrow), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Narrow;

impl ConfigRules for Narrow {
    fn find(&self, config: &ServiceConfig, service: &str, method: &str) -> Option<Arc<MethodConfig>> {
        config.named(service, method).or_else(|| config.named(service, ""))
    }
}
