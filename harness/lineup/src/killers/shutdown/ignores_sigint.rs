//! A server that heeds SIGTERM only.

use std::sync::Arc;

use proofmark_service::Signal;
use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.ignores-sigint",
        deviation: "SIGINT starts nothing.",
        breaks: &["shutdown.signal.sigint-starts-drain", "shutdown.exit.status-zero"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(TermOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct TermOnly;

impl ShutdownPolicy for TermOnly {
    fn heeds(&self, signal: Signal, _running: bool) -> bool {
        signal == Signal::Term
    }
}
