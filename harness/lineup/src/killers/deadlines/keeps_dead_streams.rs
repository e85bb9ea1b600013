//! A client that forgets calls and keeps their streams.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use h2::SendStream;
use proofmark_client::policy::{CancelRules, Policies, WhyAbandoned};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.keeps-dead-streams",
        deviation: "The stream of a call that was given up is neither reset nor let go.",
        breaks: &[
            "cancel.client.each-phase",
            "cancel.both.neighbours-unaffected",
            "deadline.client.progress-does-not-extend",
            "retry.deadline.spans-all-attempts",
            "retry.deadline.local-expiry-never-retried",
        ],
        variant: Variant::ClientPolicies(|| Policies { cancel: Arc::new(Keeping::default()), ..Policies::default() }),
    }
}

#[derive(Debug, Default)]
struct Keeping(Mutex<Vec<SendStream<Bytes>>>);

impl CancelRules for Keeping {
    fn abandon(&self, _why: WhyAbandoned, stream: SendStream<Bytes>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
    }
}
