//! A client that reads the digits of a pushback and not its sign.

use std::sync::Arc;
use std::time::Duration;

use proofmark_client::Pushback;
use proofmark_client::policy::{BackoffRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.ignores-the-sign",
        deviation: "A negative pushback is a wait like any other.",
        breaks: &["retry.pushback.negative-stops"],
        variant: Variant::ClientPolicies(|| Policies { backoff: Arc::new(Unsigned), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unsigned;

impl BackoffRules for Unsigned {
    fn read_pushback(&self, values: &[&[u8]]) -> Pushback {
        let unsigned: Vec<&[u8]> = values.iter().map(|value| value.strip_prefix(b"-").unwrap_or(value)).collect();
        match Standard.read_pushback(&unsigned) {
            // the lowest has no counterpart
            Pushback::Stop if values.iter().any(|value| value.starts_with(b"-")) => Pushback::Delay(Duration::ZERO),
            other => other,
        }
    }
}
