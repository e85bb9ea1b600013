//! A server whose timeout wraps the making of the response.

use std::sync::Arc;

use proofmark_service::policy::{DeadlinePolicy, Policies, Stage};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.times-the-head-only",
        deviation: "Once a response has begun its deadline no longer holds.",
        breaks: &[
            "deadline.server.server-stream-mid-response",
            "deadline.server.handler-cancelled",
            "deadline.server.client-stream-awaiting-input",
        ],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(HeadOnly), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct HeadOnly;

impl DeadlinePolicy for HeadOnly {
    fn holds(&self, _path: &str, stage: Stage) -> bool {
        stage == Stage::Handler
    }
}
