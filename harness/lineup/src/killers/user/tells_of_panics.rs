//! A server that tells its callers what it died of.

use std::sync::Arc;

use proofmark_service::policy::{PanicPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.tells-of-panics",
        deviation: "The text of a panic is sent to the caller.",
        breaks: &["user.panic.unary", "user.panic.streaming", "status.handler.no-internals-leaked"],
        variant: Variant::ServerPolicies(|| Policies { panic: Arc::new(Telling), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Telling;

impl PanicPolicy for Telling {
    fn answer(&self, text: &str) -> Status {
        Status::internal(text)
    }
}
