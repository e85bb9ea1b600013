//! A server that does not tell `m` from `M`.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::grpc::timeout::MalformedTimeout;
use proofmark_service::policy::{DeadlinePolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-m-for-minutes",
        deviation: "`300m` is 300 minutes.",
        breaks: &["deadline.server.unit-table"],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Caseless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Caseless;

impl DeadlinePolicy for Caseless {
    fn read(&self, values: &[&[u8]]) -> Result<Option<Duration>, MalformedTimeout> {
        let upper: Vec<Vec<u8>> =
            values.iter().map(|value| value.iter().map(|byte| if *byte == b'm' { b'M' } else { *byte }).collect()).collect();
        let upper: Vec<&[u8]> = upper.iter().map(Vec::as_slice).collect();
        Reference.read(&upper)
    }
}
