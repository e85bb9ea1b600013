//! A server whose trailing metadata get lost.

use std::sync::Arc;

use proofmark_service::policy::{MetadataPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.drops-the-duration",
        deviation: "`x-request-duration` is never sent.",
        breaks: &["user.get.response-trailer"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(Silent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Silent;

impl MetadataPolicy for Silent {
    fn sends_duration(&self, _failed: bool) -> bool {
        false
    }
}
