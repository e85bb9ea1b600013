//! A server for which a Watch is a call like any other.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.watches-hold-the-drain",
        deviation: "Open Watches keep the server until the grace period ends.",
        breaks: &["shutdown.long-lived.watch-does-not-hold-drain"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Counting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Counting;

impl ShutdownPolicy for Counting {
    fn ends_watches(&self) -> bool {
        false
    }
}
