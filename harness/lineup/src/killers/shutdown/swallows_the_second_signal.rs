//! A server that reads its channel of signals once.

use std::sync::Arc;

use proofmark_service::Signal;
use proofmark_service::policy::{Policies, ShutdownPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.swallows-the-second-signal",
        deviation: "A second signal during the drain is not heeded.",
        breaks: &["shutdown.signal.second-forces"],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Once), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Once;

impl ShutdownPolicy for Once {
    fn heeds(&self, _signal: Signal, running: bool) -> bool {
        !running
    }
}
