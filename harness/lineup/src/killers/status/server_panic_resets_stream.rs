//! A server whose recovery does not reach into streams.

use std::sync::Arc;

use proofmark_service::policy::{PanicPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.panic-resets-stream",
        deviation: "A panic after the first message resets the stream; no status is sent.",
        breaks: &["status.handler.panic-status", "user.panic.streaming"],
        variant: Variant::ServerPolicies(|| Policies { panic: Arc::new(PanicResetsStream), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct PanicResetsStream;

impl PanicPolicy for PanicResetsStream {
    fn guards_stream(&self) -> bool {
        false
    }
}
