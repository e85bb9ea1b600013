//! A client whose cancel waits for response headers.

use std::sync::Arc;

use proofmark_client::policy::{CancelPhase, CancelRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.cancels-once-headers-came",
        deviation: "A cancel before the first response takes effect when headers have come.",
        breaks: &["cancel.client.each-phase", "cancel.client.local-outcome", "deadline.client.late-response-ignored"],
        variant: Variant::ClientPolicies(|| Policies { cancel: Arc::new(Waiting), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Waiting;

impl CancelRules for Waiting {
    fn at_once(&self, phase: CancelPhase) -> bool {
        phase != CancelPhase::Requested
    }
}
