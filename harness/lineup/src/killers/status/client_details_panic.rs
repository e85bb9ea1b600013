//! A client that trusts its peer to send base64.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.details-panic",
        deviation: "Status details that do not decode end the task of the call.",
        breaks: &["status.details.invalid-base64"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(DetailsPanic), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct DetailsPanic;

impl StatusRules for DetailsPanic {
    fn details(&self, value: &[u8]) -> Option<Bytes> {
        let details = Standard.details(value);
        assert!(details.is_some(), "details are base64");
        details
    }
}
