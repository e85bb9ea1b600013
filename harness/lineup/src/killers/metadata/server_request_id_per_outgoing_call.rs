//! A gateway that makes a request id for each outgoing call.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use proofmark_service::policy::{GatewayPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.request-id-per-outgoing-call",
        deviation: "If no request id came, every outgoing call has one of its own.",
        breaks: &["metadata.gateway.request-id-generated", "user.metadata.request-id-generated"],
        variant: Variant::ServerPolicies(|| Policies { gateway: Arc::new(RequestIdPerOutgoingCall), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct RequestIdPerOutgoingCall;

impl GatewayPolicy for RequestIdPerOutgoingCall {
    fn metadata(&self, mut outgoing: HeaderMap, incoming: &HeaderMap, nth: usize, _streaming: bool) -> HeaderMap {
        if incoming.get("x-request-id").is_none_or(HeaderValue::is_empty) {
            outgoing.insert("x-request-id", HeaderValue::from(nth));
        }
        outgoing
    }
}
