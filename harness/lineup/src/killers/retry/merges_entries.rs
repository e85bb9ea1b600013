//! A client that lays one entry over the other.

use std::sync::Arc;

use proofmark_client::config::{MethodConfig, ServiceConfig};
use proofmark_client::policy::{ConfigRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.merges-entries",
        deviation: "What the entry of a method leaves out is filled in from that of its service.",
        breaks: &["service-config.match.entries-not-merged"],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Merging), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Merging;

impl ConfigRules for Merging {
    fn find(&self, config: &ServiceConfig, service: &str, method: &str) -> Option<Arc<MethodConfig>> {
        let found = Standard.find(config, service, method)?;
        let of_service = config.named(service, "").and_then(|entry| entry.retry.clone());
        Some(Arc::new(MethodConfig { retry: found.retry.clone().or(of_service), ..MethodConfig::clone(&found) }))
    }
}
