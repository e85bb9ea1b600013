//! A server that writes both GOAWAYs back to back.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.skips-the-round-trip",
        deviation: "The final GOAWAY does not wait for the ack of the PING.",
        breaks: &[
            "shutdown.goaway.second-after-round-trip",
            "shutdown.goaway.second-carries-last-accepted",
            "shutdown.streams.between-goaways-served",
            "health.shutdown.check-still-answers",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(BackToBack), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct BackToBack;

impl ShutdownPolicy for BackToBack {
    fn skips_round_trip(&self) -> bool {
        true
    }
}
