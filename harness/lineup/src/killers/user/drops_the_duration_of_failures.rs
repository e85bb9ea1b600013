//! A server whose trailing metadata get lost when the handler returns an error.

use std::sync::Arc;

use proofmark_service::policy::{MetadataPolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.drops-the-duration-of-failures",
        deviation: "`x-request-duration` is not sent with a failure.",
        breaks: &["user.get.response-trailer"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(Silent), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Silent;

impl MetadataPolicy for Silent {
    fn sends_duration(&self, failed: bool) -> bool {
        !failed
    }
}
