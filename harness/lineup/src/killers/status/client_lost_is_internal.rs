//! A client that reports a lost connection as its own fault.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.lost-is-internal",
        deviation: "Calls on a connection that breaks fail with INTERNAL.",
        breaks: &[
            "status.conn.lost-mid-call",
            "connection.keepalive.client-timeout-fails-calls",
            "retry.basic.connection-loss-before-headers",
            "retry.commit.headers-commit",
            "retry.transparent.goaway-processed-stream-not-retried",
            "retry.transparent.goaway-unprocessed-stream",
        ],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(LostIsInternal), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LostIsInternal;

impl StatusRules for LostIsInternal {
    fn lost(&self) -> Code {
        Code::Internal
    }
}
