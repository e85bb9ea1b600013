//! A client whose round robin takes the first connection each time.

use std::sync::Arc;

use proofmark_client::policy::{BalanceRules, Pick, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.sticks-to-the-first",
        deviation: "Round robin takes the first ready connection for every call.",
        breaks: &["load-balancing.round-robin.unavailable-backend-skipped-and-reconnected"],
        variant: Variant::ClientPolicies(|| Policies { balance: Arc::new(Sticky), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Sticky;

impl BalanceRules for Sticky {
    fn pick(&self, _pick: &Pick<'_>) -> usize {
        0
    }
}
