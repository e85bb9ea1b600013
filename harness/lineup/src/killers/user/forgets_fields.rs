//! A server whose answers do not say all that is stored.

use std::sync::Arc;

use proofmark_api::user::User;
use proofmark_service::policy::{Policies, UserPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.forgets-fields-of-users",
        deviation: "GetUser and CreateUser give users without email and creation time.",
        breaks: &["user.get.found", "user.create.ok"],
        variant: Variant::ServerPolicies(|| Policies { user: Arc::new(Terse), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Terse;

impl UserPolicy for Terse {
    fn user(&self, user: User) -> User {
        User { email: String::new(), created_at: None, ..user }
    }
}
