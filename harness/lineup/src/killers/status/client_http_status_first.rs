//! A client that looks at the HTTP status first.

use std::sync::Arc;

use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.http-status-first",
        deviation: "A grpc-status beside an HTTP status other than 200 is not read.",
        breaks: &["status.http.grpc-status-wins"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(HttpStatusFirst), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HttpStatusFirst;

impl StatusRules for HttpStatusFirst {
    fn grpc_status_wins(&self, _http_status: u16) -> bool {
        false
    }
}
