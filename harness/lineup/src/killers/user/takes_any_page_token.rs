//! A server that begins anew where it cannot read a page token.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ValidationPolicy};
use proofmark_service::user::validate;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-any-page-token",
        deviation: "A page token that is none leads to the first page.",
        breaks: &["user.list.page-token-continues"],
        variant: Variant::ServerPolicies(|| Policies { validation: Arc::new(Lenient), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Lenient;

impl ValidationPolicy for Lenient {
    fn page_token(&self, token: &str) -> Option<i64> {
        validate::read_page_token(token).or(Some(0))
    }
}
