//! A server that stops gracefully first and says NOT_SERVING afterwards.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy, Step};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.health-comes-after-goaway",
        deviation: "GOAWAY is sent before health says NOT_SERVING.",
        breaks: &[
            "shutdown.order.health-before-goaway",
            "health.shutdown.check-still-answers",
            "health.shutdown.state-latched",
            "health.shutdown.watchers-notified",
            "shutdown.long-lived.watch-does-not-hold-drain",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(HealthLast), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HealthLast;

impl ShutdownPolicy for HealthLast {
    fn plan(&self) -> Vec<Step> {
        vec![
            Step::LameDuck,
            Step::CloseListener,
            Step::GoAway,
            Step::NotServing,
            Step::EndWatches,
            Step::Grace,
            Step::Force,
            Step::CloseStore,
        ]
    }
}
