//! A server that knows one error code.

use std::sync::Arc;

use proofmark_service::policy::{CancelPolicy, Loss, Policies, Reaction, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.knows-cancel-only",
        deviation: "Only a reset with CANCEL cancels a handler.",
        breaks: &["cancel.server.any-reset-code", "cancel.server.receive-is-error-not-end"],
        variant: Variant::ServerPolicies(|| Policies { cancel: Arc::new(OneCode), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct OneCode;

impl CancelPolicy for OneCode {
    fn react(&self, path: &str, loss: Loss) -> Reaction {
        match loss {
            Loss::Reset(code) if code != CANCEL => Reaction::EndInput,
            _ => Reference.react(path, loss),
        }
    }
}

const CANCEL: u32 = 0x8;
