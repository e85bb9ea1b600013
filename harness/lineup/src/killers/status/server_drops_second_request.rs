//! A server that reads one message and does not look further.

use std::sync::Arc;

use proofmark_service::policy::{MessagePolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.drops-second-request",
        deviation: "A second request message to a method that takes one is dropped, and the call succeeds.",
        breaks: &["status.cardinality.two-requests"],
        variant: Variant::ServerPolicies(|| Policies { message: Arc::new(DropsSecondRequest), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct DropsSecondRequest;

impl MessagePolicy for DropsSecondRequest {
    fn second_request(&self) -> Result<(), Status> {
        Ok(())
    }
}
