//! A gateway that asks others although nobody waits for the answer.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{DeadlinePolicy, GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.asks-when-the-time-is-over",
        deviation: "An outgoing call is made although the deadline of the incoming one has passed.",
        breaks: &[
            "deadline.gateway.no-call-after-budget-spent",
            "deadline.server.handler-cancelled",
            "deadline.server.server-stream-mid-response",
            "cancel.both.neighbours-unaffected",
            "deadline.server.unit-table",
            "user.errors.deadline-and-cancel-kept",
        ],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Lasting), gateway: Arc::new(Lasting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Lasting;

impl DeadlinePolicy for Lasting {
    fn drops_handler(&self, _path: &str) -> bool {
        false
    }
}

impl GatewayPolicy for Lasting {
    fn timeout(&self, remaining: Option<Duration>, _first: Option<Duration>, own: Option<Duration>) -> Option<Duration> {
        remaining.filter(|remaining| !remaining.is_zero()).or(own)
    }
}
