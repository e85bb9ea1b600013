//! A server that tells its callers why it failed.

use std::sync::Arc;

use proofmark_service::policy::{ErrorPolicy, Policies};
use proofmark_service::user::Method;
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.passes-on-causes",
        deviation: "The text of an unclassified error is sent to the caller.",
        breaks: &["user.get.repository-failure-opaque", "user.list.repository-failure", "status.handler.no-internals-leaked"],
        variant: Variant::ServerPolicies(|| Policies { error: Arc::new(Talkative), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Talkative;

impl ErrorPolicy for Talkative {
    fn unclassified(&self, _method: Method, cause: &str) -> Status {
        Status::internal(cause)
    }
}
