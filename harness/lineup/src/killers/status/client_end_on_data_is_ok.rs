//! A client that takes the end of the stream for success.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{MissingStatus, Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.end-on-data-is-ok",
        deviation: "A response that ends on a DATA frame, without trailers, ends the call with OK.",
        breaks: &["status.missing.end-on-data"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(EndOnDataIsOk), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct EndOnDataIsOk;

impl StatusRules for EndOnDataIsOk {
    fn missing(&self, how: MissingStatus) -> Code {
        match how {
            MissingStatus::EndOnData => Code::Ok,
            _ => Standard.missing(how),
        }
    }
}
