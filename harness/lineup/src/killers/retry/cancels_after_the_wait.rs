//! A client that does not stop its retry timer.

use std::sync::Arc;

use proofmark_client::policy::{CancelPhase, CancelRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.cancels-after-the-wait",
        deviation: "A cancel while a retry is waited for takes effect when the wait is over.",
        breaks: &["retry.backoff.cancel-while-waiting"],
        variant: Variant::ClientPolicies(|| Policies { cancel: Arc::new(Patient), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Patient;

impl CancelRules for Patient {
    fn at_once(&self, phase: CancelPhase) -> bool {
        phase != CancelPhase::Waiting
    }
}
