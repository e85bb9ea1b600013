//! A client that takes the digits after the point for nanoseconds.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{ConfigRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.reads-fractions-as-nanos",
        deviation: "`0.5s` is five nanoseconds.",
        breaks: &[
            "service-config.timeout.fractional-seconds",
            "service-config.timeout.smaller-of-two-wins",
            "retry.backoff.cancel-while-waiting",
            "retry.backoff.capped-at-max",
            "retry.backoff.first-delay-window",
            "retry.backoff.grows-by-multiplier",
            "retry.backoff.jitter-varies",
            "retry.basic.connection-loss-before-headers",
            "retry.basic.reset-before-headers-uses-mapped-status",
        ],
        variant: Variant::ClientPolicies(|| Policies { config: Arc::new(Nanos), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Nanos;

impl ConfigRules for Nanos {
    fn duration(&self, text: &str) -> Option<Duration> {
        let (whole, fraction) = text.strip_suffix('s')?.split_once('.').unwrap_or((text.strip_suffix('s')?, "0"));
        Some(Duration::new(whole.parse().ok()?, fraction.parse().ok()?))
    }
}
