//! A server whose error mapper makes INTERNAL of a shutdown.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.cuts-calls-with-internal",
        deviation: "Calls that outlive the grace period end with INTERNAL.",
        breaks: &["shutdown.grace.expiry-status", "shutdown.peer.never-reads"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Mapped), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Mapped;

impl ShutdownPolicy for Mapped {
    fn cut(&self) -> Status {
        Status::internal("internal error")
    }
}
