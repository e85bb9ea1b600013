//! A client for which a lost connection means that nothing was done.

use std::sync::Arc;

use proofmark_client::policy::{ConnectionRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.repeats-lost-attempts",
        deviation: "An attempt whose connection went away is repeated at once, without policy and without its header.",
        breaks: &[
            "retry.basic.connection-loss-before-headers",
            "retry.transparent.goaway-processed-stream-not-retried",
            "connection.keepalive.client-timeout-fails-calls",
            "status.conn.lost-mid-call",
        ],
        variant: Variant::ClientPolicies(|| Policies { connection: Arc::new(Hopeful), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Hopeful;

impl ConnectionRules for Hopeful {
    fn lost_is_unprocessed(&self, _draining: bool) -> bool {
        true
    }
}
