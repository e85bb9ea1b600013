//! A client that repeats what was refused more than once.

use std::sync::Arc;

use proofmark_client::AttemptEnd;
use proofmark_client::policy::{Made, Policies, RetryRules, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.repeats-five-times",
        deviation: "What the peer did not process is repeated up to five times.",
        breaks: &["retry.transparent.goaway-unprocessed-stream"],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Tireless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Tireless;

impl RetryRules for Tireless {
    fn transparent(&self, end: &AttemptEnd, made: Made) -> bool {
        made.transparent < 5 && Standard.transparent(end, Made { transparent: 0, ..made })
    }
}
