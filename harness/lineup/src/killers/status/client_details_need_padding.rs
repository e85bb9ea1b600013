//! A client with a strict base64 decoder.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.details-need-padding",
        deviation: "Status details without padding are taken for broken and dropped.",
        breaks: &["status.details.base64-variants", "status.details.roundtrip"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(DetailsNeedPadding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct DetailsNeedPadding;

impl StatusRules for DetailsNeedPadding {
    fn details(&self, value: &[u8]) -> Option<Bytes> {
        if value.len().is_multiple_of(4) { Standard.details(value) } else { None }
    }
}
