//! A server that does not look at the content-type.

use std::sync::Arc;

use http::HeaderMap;
use proofmark_service::policy::{MessagePolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-any-content-type",
        deviation: "The handler runs whatever the content-type of the request.",
        breaks: &["status.server.non-grpc-content-type"],
        variant: Variant::ServerPolicies(|| Policies { message: Arc::new(TakesAnyContentType), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct TakesAnyContentType;

impl MessagePolicy for TakesAnyContentType {
    fn is_grpc(&self, _fields: &HeaderMap) -> bool {
        true
    }
}
