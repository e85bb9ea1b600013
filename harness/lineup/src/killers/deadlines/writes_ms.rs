//! A client that writes its timeouts for people.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::policy::{DeadlineRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.writes-ms",
        deviation: "`grpc-timeout` is in milliseconds, with the unit `ms`.",
        breaks: &["deadline.header.grammar", "deadline.header.at-most-eight-digits"],
        variant: Variant::ClientPolicies(|| Policies { deadline: Arc::new(Readable), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Readable;

impl DeadlineRules for Readable {
    fn encode(&self, timeout: Duration) -> String {
        format!("{}ms", timeout.as_millis().max(1))
    }
}
