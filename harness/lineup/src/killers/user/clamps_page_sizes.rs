//! A server that makes something of every page size.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ValidationPolicy};
use proofmark_service::user::validate;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.clamps-page-sizes",
        deviation: "A negative page size counts as the default.",
        breaks: &["user.list.page-size"],
        variant: Variant::ServerPolicies(|| Policies { validation: Arc::new(Clamping), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Clamping;

impl ValidationPolicy for Clamping {
    fn page_size(&self, asked: i32) -> Option<usize> {
        validate::page_size(asked.max(0))
    }
}
