//! A client with a base64 decoder that knows no padding.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.details-refuse-padding",
        deviation: "Status details with padding are taken for broken and dropped.",
        breaks: &["status.details.base64-variants"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(DetailsRefusePadding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct DetailsRefusePadding;

impl StatusRules for DetailsRefusePadding {
    fn details(&self, value: &[u8]) -> Option<Bytes> {
        if value.contains(&b'=') { None } else { Standard.details(value) }
    }
}
