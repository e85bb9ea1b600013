//! A server that forgets the details of late errors.

use std::sync::Arc;

use proofmark_service::policy::{Policies, StatusPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.details-only-at-once",
        deviation: "Details are sent with an error before the first message only.",
        breaks: &["status.details.roundtrip"],
        variant: Variant::ServerPolicies(|| Policies { status: Arc::new(DetailsOnlyAtOnce), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct DetailsOnlyAtOnce;

impl StatusPolicy for DetailsOnlyAtOnce {
    fn sends_details(&self, trailers_only: bool) -> bool {
        trailers_only
    }
}
