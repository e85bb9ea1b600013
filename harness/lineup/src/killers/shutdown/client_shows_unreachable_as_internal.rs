//! A client that has no status of its own for a server that cannot be reached.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.shows-unreachable-as-internal",
        deviation: "An attempt that finds no connection is shown as INTERNAL.",
        breaks: &["shutdown.client.unprocessed-retried", "status.conn.refused"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(Blurred), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Blurred;

impl StatusRules for Blurred {
    fn unreachable(&self) -> Code {
        Code::Internal
    }
}
