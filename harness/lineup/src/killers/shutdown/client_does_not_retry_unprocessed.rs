//! A client for which a GOAWAY is a connection error like any other.

use std::sync::Arc;

use proofmark_client::policy::{ConnectionRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.does-not-retry-unprocessed",
        deviation: "A stream above the last stream of a GOAWAY is not tried again.",
        breaks: &[
            "shutdown.client.unprocessed-retried",
            "shutdown.client.second-goaway-lowers-limit",
            "retry.transparent.goaway-unprocessed-stream",
        ],
        variant: Variant::ClientPolicies(|| Policies { connection: Arc::new(Resigned), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Resigned;

impl ConnectionRules for Resigned {
    fn cut_off_is_unprocessed(&self) -> bool {
        false
    }
}
