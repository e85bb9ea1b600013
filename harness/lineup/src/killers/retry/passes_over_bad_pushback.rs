//! A client for which a pushback that does not parse is none.

use std::sync::Arc;

use proofmark_client::Pushback;
use proofmark_client::policy::{BackoffRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.passes-over-bad-pushback",
        deviation: "A pushback that is no number is followed by the usual wait.",
        breaks: &["retry.pushback.unparsable-stops"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Lenient), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Lenient;

impl BackoffRules for Lenient {
    fn read_pushback(&self, values: &[&[u8]]) -> Pushback {
        let is_negative = values.iter().any(|value| value.starts_with(b"-"));
        match Standard.read_pushback(values) {
            Pushback::Stop if !is_negative => Pushback::Absent,
            other => other,
        }
    }
}
