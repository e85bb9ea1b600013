//! A server whose library reports a message above the limit as its own failure.

use std::sync::Arc;

use proofmark_service::policy::{MessagePolicy, Policies};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.oversize-is-internal",
        deviation: "A message above the receive limit ends its call with INTERNAL.",
        breaks: &["user.input.message-size-limit"],
        variant: Variant::ServerPolicies(|| Policies { message: Arc::new(Plain), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Plain;

impl MessagePolicy for Plain {
    fn size(&self, size: usize, limit: usize) -> Result<(), Status> {
        if size <= limit { Ok(()) } else { Err(Status::internal("the message cannot be read")) }
    }
}
