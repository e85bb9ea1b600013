//! A server that waits for the ack of its PING without a timer.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.waits-for-the-ack-for-ever",
        deviation: "A client that acknowledges no PING holds the drain until the grace period ends.",
        breaks: &["shutdown.goaway.unacked-ping-bounded"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Trusting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Trusting;

impl ShutdownPolicy for Trusting {
    fn ping_patience(&self) -> Option<Duration> {
        None
    }
}
