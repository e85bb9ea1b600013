//! A client that blames itself when it gives up.

use std::sync::Arc;

use bytes::Bytes;
use h2::{Reason, SendStream};
use proofmark_client::policy::{CancelRules, Policies, WhyAbandoned};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.resets-with-internal-error",
        deviation: "A stream that is given up is reset with INTERNAL_ERROR.",
        breaks: &[
            "cancel.client.each-phase",
            "deadline.client.progress-does-not-extend",
            "retry.deadline.spans-all-attempts",
            "retry.deadline.local-expiry-never-retried",
        ],
        variant: Variant::ClientPolicies(|| Policies { cancel: Arc::new(Blaming), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Blaming;

impl CancelRules for Blaming {
    fn abandon(&self, _why: WhyAbandoned, mut stream: SendStream<Bytes>) {
        stream.send_reset(Reason::INTERNAL_ERROR);
    }
}
