//! A client for which the service goes before the method.

use std::sync::Arc;

use proofmark_client::config::{MethodConfig, ServiceConfig};
use proofmark_client::policy::{ConfigRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.prefers-service-entries",
        deviation: "The entry of a service wins over that of its method.",
        breaks: &["service-config.match.exact-method-wins", "service-config.match.entries-not-merged"],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Coarse), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Coarse;

impl ConfigRules for Coarse {
    fn find(&self, config: &ServiceConfig, service: &str, method: &str) -> Option<Arc<MethodConfig>> {
        config.named(service, "").or_else(|| Standard.find(config, service, method))
    }
}
