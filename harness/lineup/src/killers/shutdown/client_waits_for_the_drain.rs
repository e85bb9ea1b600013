//! A client that makes no new connection before the old one has ended.

use std::sync::Arc;

use proofmark_client::policy::{ConnectionRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.waits-for-the-drain",
        deviation: "New calls wait while a connection drains.",
        breaks: &["shutdown.client.no-new-stream-after-goaway"],
        variant: Variant::ClientPolicies(|| Policies { connection: Arc::new(Waiting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Waiting;

impl ConnectionRules for Waiting {
    fn waits_for_drain(&self) -> bool {
        true
    }
}
