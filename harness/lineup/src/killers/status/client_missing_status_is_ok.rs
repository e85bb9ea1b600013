//! A client that takes trailers without a status for success.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{MissingStatus, Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.missing-status-is-ok",
        deviation: "Trailers without grpc-status end the call with OK.",
        breaks: &["status.missing.trailers-without-status"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(MissingStatusIsOk), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct MissingStatusIsOk;

impl StatusRules for MissingStatusIsOk {
    fn missing(&self, how: MissingStatus) -> Code {
        match how {
            MissingStatus::Trailers => Code::Ok,
            _ => Standard.missing(how),
        }
    }
}
