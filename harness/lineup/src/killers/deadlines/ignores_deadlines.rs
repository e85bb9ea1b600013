//! A server that reads no `grpc-timeout`.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::grpc::timeout::MalformedTimeout;
use proofmark_service::policy::{DeadlinePolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.ignores-deadlines",
        deviation: "A call runs for as long as its handler likes.",
        breaks: &[
            "deadline.server.unit-table",
            "deadline.server.expiry-wire-form",
            "deadline.server.terminates-call",
            "deadline.server.handler-cancelled",
            "deadline.server.server-stream-mid-response",
            "deadline.server.client-stream-awaiting-input",
            "deadline.server.nothing-after-expiry",
            "deadline.gateway.passes-remaining",
            "deadline.gateway.successive-calls-shrink",
            "deadline.gateway.no-call-after-budget-spent",
            "user.errors.deadline-and-cancel-kept",
        ],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Timeless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Timeless;

impl DeadlinePolicy for Timeless {
    fn read(&self, _values: &[&[u8]]) -> Result<Option<Duration>, MalformedTimeout> {
        Ok(None)
    }
}
