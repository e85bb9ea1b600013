//! A server whose handlers do not notice that their connection broke.

use std::sync::Arc;

use proofmark_service::policy::{CancelPolicy, Loss, Policies, Reaction, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.outlives-connections",
        deviation: "Only RST_STREAM cancels a handler.",
        breaks: &["cancel.server.connection-loss", "user.log.one-line-per-stream-at-end"],
        variant: Variant::ServerPolicies(|| Policies { cancel: Arc::new(Outliving), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Outliving;

impl CancelPolicy for Outliving {
    fn react(&self, path: &str, loss: Loss) -> Reaction {
        match loss {
            Loss::Connection => Reaction::Run,
            Loss::Reset(_) => Reference.react(path, loss),
        }
    }
}
