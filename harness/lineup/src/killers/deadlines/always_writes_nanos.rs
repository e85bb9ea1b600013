//! A client that has one unit.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{DeadlineRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.always-writes-nanos",
        deviation: "`grpc-timeout` is always in nanoseconds, however many digits that takes.",
        breaks: &["deadline.header.at-most-eight-digits", "deadline.header.grammar"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Nanos), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Nanos;

impl DeadlineRules for Nanos {
    fn encode(&self, timeout: Duration) -> String {
        format!("{}n", timeout.as_nanos().max(1))
    }
}
