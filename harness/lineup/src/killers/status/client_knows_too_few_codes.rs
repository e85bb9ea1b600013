//! A client whose table of codes lacks an entry.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.knows-too-few-codes",
        deviation: "DATA_LOSS is not in its table of codes and arrives as UNKNOWN.",
        breaks: &["status.passthrough.every-code-unary", "status.passthrough.after-messages"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(KnowsTooFewCodes), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct KnowsTooFewCodes;

impl StatusRules for KnowsTooFewCodes {
    fn code(&self, value: &[u8]) -> Code {
        match Standard.code(value) {
            Code::DataLoss => Code::Unknown,
            code => code,
        }
    }
}
