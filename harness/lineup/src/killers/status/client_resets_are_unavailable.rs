//! A client without a table of reset codes.

use std::sync::Arc;

use proofmark_client::Code;
use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.resets-are-unavailable",
        deviation: "A stream that is reset before its headers is UNAVAILABLE, and INTERNAL if it was refused.",
        breaks: &["status.rst.table", "retry.basic.reset-before-headers-uses-mapped-status"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(ResetsAreUnavailable), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct ResetsAreUnavailable;

impl StatusRules for ResetsAreUnavailable {
    fn reset(&self, reason: u32, headers: bool) -> Code {
        match reason {
            _ if headers => Standard.reset(reason, headers),
            REFUSED_STREAM => Code::Internal,
            _ => Code::Unavailable,
        }
    }
}

const REFUSED_STREAM: u32 = 0x7;
