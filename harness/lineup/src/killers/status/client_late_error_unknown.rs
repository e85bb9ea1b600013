//! A client that loses the code of an error that follows messages.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.late-error-unknown",
        deviation: "An error that follows several messages is shown as UNKNOWN.",
        breaks: &["status.passthrough.after-messages"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(LateErrorUnknown), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct LateErrorUnknown;

impl StatusRules for LateErrorUnknown {
    fn after_messages(&self, code: Code, messages: u32) -> Code {
        match code {
            Code::Ok => code,
            _ if messages > 1 => Code::Unknown,
            _ => code,
        }
    }
}
