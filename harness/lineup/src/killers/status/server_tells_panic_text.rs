//! A server that tells callers what it should tell its log.

use std::sync::Arc;

use proofmark_service::policy::{PanicPolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.tells-panic-text",
        deviation: "The text of a panic is the status message.",
        breaks: &["status.handler.no-internals-leaked", "user.panic.streaming", "user.panic.unary"],
        variant: Variant::ServerPolicies(|| Policies { panic: Arc::new(TellsPanicText), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct TellsPanicText;

impl PanicPolicy for TellsPanicText {
    fn answer(&self, text: &str) -> Status {
        Status::internal(text)
    }
}
