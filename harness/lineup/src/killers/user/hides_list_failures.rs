//! A server that swallows an error of the store in the middle of a list.

use std::sync::Arc;

use proofmark_service::policy::{Policies, UserPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.hides-list-failures",
        deviation: "A list that fails ends with OK, cut short.",
        breaks: &["user.list.repository-failure", "user.errors.domain-map", "user.log.one-line-per-stream-at-end"],
        variant: Variant::ServerPolicies(|| Policies { user: Arc::new(Hiding), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Hiding;

impl UserPolicy for Hiding {
    fn hides_list_failure(&self) -> bool {
        true
    }
}
