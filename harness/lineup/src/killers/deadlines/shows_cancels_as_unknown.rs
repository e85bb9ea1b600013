//! A client that has no status of its own for a call that its application cancelled.

use std::sync::Arc;

use proofmark_client::policy::{CancelRules, Policies};
use tonic::Code;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.shows-cancels-as-unknown",
        deviation: "A call that the application cancelled ends with UNKNOWN.",
        breaks: &[
            "cancel.client.each-phase",
            "cancel.client.local-outcome",
            "cancel.both.neighbours-unaffected",
            "deadline.client.late-response-ignored",
            "retry.backoff.cancel-while-waiting",
        ],
        variant: Variant::ClientPolicies(|| Policies { cancel: Arc::new(Nameless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Nameless;

impl CancelRules for Nameless {
    fn cancelled(&self) -> (Code, &'static str) {
        (Code::Unknown, "the call ended")
    }
}
