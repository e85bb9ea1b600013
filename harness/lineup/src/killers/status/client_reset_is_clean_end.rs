//! A client whose HTTP library turns some resets into the end of the body.

use std::sync::Arc;

use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.reset-is-clean-end",
        deviation: "RST_STREAM with NO_ERROR or CANCEL after headers ends the response as if with OK.",
        breaks: &["status.rst.mid-body-is-error"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(ResetIsCleanEnd), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ResetIsCleanEnd;

impl StatusRules for ResetIsCleanEnd {
    fn reset_is_clean(&self, reason: u32, headers: bool) -> bool {
        headers && matches!(reason, NO_ERROR | CANCEL)
    }
}

const NO_ERROR: u32 = 0x0;
const CANCEL: u32 = 0x8;
