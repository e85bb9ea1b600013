//! A client for which a pushback of zero says nothing.

use std::sync::Arc;

use proofmark_client::Pushback;
use proofmark_client::policy::{BackoffRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.takes-zero-for-absent",
        deviation: "`grpc-retry-pushback-ms: 0` is followed by the usual wait.",
        breaks: &["retry.pushback.zero-retries-at-once"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(ZeroIsNothing), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ZeroIsNothing;

impl BackoffRules for ZeroIsNothing {
    fn read_pushback(&self, values: &[&[u8]]) -> Pushback {
        match Standard.read_pushback(values) {
            Pushback::Delay(delay) if delay.is_zero() => Pushback::Absent,
            other => other,
        }
    }
}
