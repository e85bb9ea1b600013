//! A server that exits without a word to its handlers.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.forgets-its-handlers",
        deviation: "Handlers of calls that are cut off are not cancelled.",
        breaks: &["shutdown.grace.handlers-cancelled"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Forgetful), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Forgetful;

impl ShutdownPolicy for Forgetful {
    fn drops_handlers(&self) -> bool {
        false
    }
}
