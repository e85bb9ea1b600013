//! A server for which a timeout that it cannot read is zero.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::grpc::timeout::MalformedTimeout;
use proofmark_service::policy::{DeadlinePolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-malformed-for-expired",
        deviation: "A malformed `grpc-timeout` ends the call at once with DEADLINE_EXCEEDED.",
        breaks: &["deadline.server.malformed-contained", "deadline.server.nine-digits-not-truncated"],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Zeroing), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Zeroing;

impl DeadlinePolicy for Zeroing {
    fn read(&self, values: &[&[u8]]) -> Result<Option<Duration>, MalformedTimeout> {
        Ok(Reference.read(values).unwrap_or(Some(Duration::ZERO)))
    }
}
