//! A client for which the configured timeout replaces the application's.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{DeadlineRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.configs-override-timeouts",
        deviation: "A timeout in the service config makes that of the call void.",
        breaks: &["service-config.timeout.smaller-of-two-wins"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(ConfigFirst), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ConfigFirst;

impl DeadlineRules for ConfigFirst {
    fn effective(&self, call: Option<Duration>, config: Option<Duration>) -> Option<Duration> {
        config.or(call)
    }
}
