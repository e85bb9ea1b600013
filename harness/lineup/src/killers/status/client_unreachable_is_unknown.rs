//! A client that has no code for a connection that it cannot make.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.unreachable-is-unknown",
        deviation: "A call that finds no connection fails with UNKNOWN.",
        breaks: &["status.conn.refused", "shutdown.client.unprocessed-retried"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(UnreachableIsUnknown), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct UnreachableIsUnknown;

impl StatusRules for UnreachableIsUnknown {
    fn unreachable(&self) -> Code {
        Code::Unknown
    }
}
