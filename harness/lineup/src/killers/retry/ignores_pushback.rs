//! A client that retries by its own backoff whatever the server asked for.

use std::sync::Arc;

use proofmark_client::Pushback;
use proofmark_client::policy::{BackoffRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.ignores-pushback",
        deviation: "Retries by its own backoff; `grpc-retry-pushback-ms` is not read.",
        breaks: &[
            "retry.pushback.delay-is-exact",
            "retry.pushback.zero-retries-at-once",
            "retry.pushback.negative-stops",
            "retry.pushback.unparsable-stops",
        ],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Deaf), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Deaf;

impl BackoffRules for Deaf {
    fn read_pushback(&self, _values: &[&[u8]]) -> Pushback {
        Pushback::Absent
    }
}
