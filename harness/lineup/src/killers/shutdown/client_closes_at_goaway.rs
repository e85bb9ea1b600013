//! A client that closes its connection at any GOAWAY.

use std::sync::Arc;

use proofmark_client::policy::{ConnectionRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.closes-at-goaway",
        deviation: "A GOAWAY ends the connection with its open calls.",
        breaks: &[
            "shutdown.client.inflight-survives-goaway",
            "shutdown.client.second-goaway-lowers-limit",
            "shutdown.client.no-new-stream-after-goaway",
            "retry.transparent.goaway-processed-stream-not-retried",
        ],
        variant: Variant::ClientPolicies(|| Policies { connection: Arc::new(Closing), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Closing;

impl ConnectionRules for Closing {
    fn goaway_closes(&self) -> bool {
        true
    }
}
