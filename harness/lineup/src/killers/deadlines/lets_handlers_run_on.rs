//! A server that ends the stream and not the handler.

use std::sync::Arc;

use proofmark_service::policy::{DeadlinePolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.lets-handlers-run-on",
        deviation: "A handler runs to its own end when its deadline has passed.",
        breaks: &[
            "deadline.server.handler-cancelled",
            "deadline.server.server-stream-mid-response",
            "cancel.both.neighbours-unaffected",
            "deadline.server.unit-table",
            "user.errors.deadline-and-cancel-kept",
        ],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Streamwise), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Streamwise;

impl DeadlinePolicy for Streamwise {
    fn drops_handler(&self, _path: &str) -> bool {
        false
    }
}
