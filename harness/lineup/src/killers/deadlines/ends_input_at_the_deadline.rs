//! A server that tells a waiting handler that the input is over.

use std::sync::Arc;

use proofmark_service::policy::{DeadlinePolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.ends-input-at-the-deadline",
        deviation: "When the deadline passes, a request stream shows its end.",
        breaks: &[
            "deadline.server.client-stream-awaiting-input",
            "deadline.server.handler-cancelled",
            "deadline.server.server-stream-mid-response",
            "deadline.server.unit-table",
            "cancel.both.neighbours-unaffected",
            "user.errors.deadline-and-cancel-kept",
        ],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Closing), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Closing;

impl DeadlinePolicy for Closing {
    fn drops_handler(&self, _path: &str) -> bool {
        false
    }

    fn ends_input(&self) -> bool {
        true
    }
}
