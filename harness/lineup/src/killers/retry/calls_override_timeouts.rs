//! A client for which the application's timeout replaces the configured one.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{DeadlineRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.calls-override-timeouts",
        deviation: "A timeout of the call makes that of the service config void.",
        breaks: &["service-config.timeout.smaller-of-two-wins", "service-config.timeout.fractional-seconds"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(CallFirst), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct CallFirst;

impl DeadlineRules for CallFirst {
    fn effective(&self, call: Option<Duration>, config: Option<Duration>) -> Option<Duration> {
        call.or(config)
    }
}
