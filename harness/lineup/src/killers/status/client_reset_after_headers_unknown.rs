//! A client that does not look at the code of a reset once a response has begun.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.reset-after-headers-unknown",
        deviation: "A reset after response headers is UNKNOWN, whatever its code.",
        breaks: &["status.rst.mid-body-is-error", "retry.commit.headers-commit"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(ResetAfterHeadersUnknown), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ResetAfterHeadersUnknown;

impl StatusRules for ResetAfterHeadersUnknown {
    fn reset(&self, reason: u32, headers: bool) -> Code {
        if headers { Code::Unknown } else { Standard.reset(reason, headers) }
    }
}
