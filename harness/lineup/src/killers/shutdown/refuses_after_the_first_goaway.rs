//! A server that stops dispatching at the signal.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.refuses-after-the-first-goaway",
        deviation: "Calls that begin after the first GOAWAY are refused although it covers them.",
        breaks: &["shutdown.streams.between-goaways-served", "health.shutdown.check-still-answers"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Closed), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Closed;

impl ShutdownPolicy for Closed {
    fn serves_after_first_goaway(&self) -> bool {
        false
    }
}
