//! A client that takes OK without a message for a success.

use std::sync::Arc;

use proofmark_client::policy::{Policies, Standard, StatusRules};
use proofmark_client::{CallKind, Code};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.empty-response-is-ok",
        deviation: "A response with one message succeeds also without it.",
        breaks: &["status.cardinality.no-response", "status.trailers-only.ok-for-unary"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(EmptyResponseIsOk), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct EmptyResponseIsOk;

impl StatusRules for EmptyResponseIsOk {
    fn cardinality(&self, kind: CallKind, messages: u32, ended: bool) -> Option<(Code, &'static str)> {
        if messages == 0 { None } else { Standard.cardinality(kind, messages, ended) }
    }
}
