//! A server whose lists go on when the caller has gone.

use std::sync::Arc;

use proofmark_service::policy::{CancelPolicy, Loss, Policies, Reaction};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.lists-for-nobody",
        deviation: "A cancelled list is read to its end.",
        breaks: &["user.list.cancel-stops-work", "cancel.server.handler-notified"],
        variant: Variant::ServerPolicies(|| Policies { cancel: Arc::new(Tireless), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Tireless;

impl CancelPolicy for Tireless {
    fn react(&self, path: &str, _loss: Loss) -> Reaction {
        if path == "/user.v1.UserService/ListUsers" { Reaction::Run } else { Reaction::Drop }
    }
}
