//! A client for which the default goes before the service.

use std::sync::Arc;

use proofmark_client::config::{MethodConfig, ServiceConfig};
use proofmark_client::policy::{ConfigRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.prefers-the-default-entry",
        deviation: "The entry with an empty name wins over that of a service.",
        breaks: &["service-config.match.fallback-order"],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Broad), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Broad;

impl ConfigRules for Broad {
    fn find(&self, config: &ServiceConfig, service: &str, method: &str) -> Option<Arc<MethodConfig>> {
        config.named(service, method).or_else(|| config.named("", "")).or_else(|| config.named(service, ""))
    }
}
