//! A client that stops counting messages after the first.

use std::sync::Arc;

use proofmark_client::policy::{Policies, Standard, StatusRules};
use proofmark_client::{CallKind, Code};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.first-response-wins",
        deviation: "A second response message is dropped, and the first is the result.",
        breaks: &["status.cardinality.two-responses"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(FirstResponseWins), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct FirstResponseWins;

impl StatusRules for FirstResponseWins {
    fn cardinality(&self, kind: CallKind, messages: u32, ended: bool) -> Option<(Code, &'static str)> {
        Standard.cardinality(kind, messages.min(1), ended)
    }
}
