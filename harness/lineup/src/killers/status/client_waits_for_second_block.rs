//! A client that takes a lone header block for the beginning of a response.

use std::sync::Arc;

use proofmark_client::CallKind;
use proofmark_client::policy::{Policies, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.waits-for-second-block",
        deviation: "For a call with a request stream, a block that ends the stream is no complete response: the status in it is not read.",
        breaks: &["status.trailers-only.client-accepts", "retry.replay.stream-messages-in-order"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(WaitsForSecondBlock), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct WaitsForSecondBlock;

impl StatusRules for WaitsForSecondBlock {
    fn accepts_trailers_only(&self, kind: CallKind) -> bool {
        kind != CallKind::ClientStreaming
    }
}
