//! A server whose graceful stop has no upper bound.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.has-no-grace-limit",
        deviation: "Calls that do not end hold the process for ever.",
        breaks: &[
            "shutdown.grace.expiry-forces",
            "shutdown.grace.expiry-status",
            "shutdown.grace.handlers-cancelled",
            "shutdown.peer.never-reads",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Endless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Endless;

impl ShutdownPolicy for Endless {
    fn grace(&self, _set: Duration) -> Option<Duration> {
        None
    }
}
