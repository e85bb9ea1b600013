//! A client whose timer ticks every 64 ms and rounds down.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{DeadlineFacts, DeadlineRules, Policies};
use proofmark_transport::clock::Instant;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.has-a-coarse-timer",
        deviation: "A deadline is enforced at the last tick before it.",
        breaks: &[
            "deadline.client.unary-silent-server",
            "deadline.client.not-early",
            "deadline.client.blackholed-connection",
            "deadline.client.connect-time-counts",
            "deadline.client.send-blocked-by-flow-control",
            "deadline.client.server-stream-mid-stream",
            "deadline.client.progress-does-not-extend",
            "retry.deadline.spans-all-attempts",
            "retry.deadline.local-expiry-never-retried",
            "service-config.timeout.smaller-of-two-wins",
            "service-config.timeout.fractional-seconds",
        ],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Coarse), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Coarse;

impl DeadlineRules for Coarse {
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        let ticks = facts.timeout.as_millis() / TICK.as_millis();
        facts.started.checked_add(TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX)))
    }
}

const TICK: Duration = Duration::from_millis(64);
