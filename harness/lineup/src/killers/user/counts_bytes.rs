//! A server that compares the length in bytes with a limit in characters.

use std::sync::Arc;

use proofmark_service::domain::Violation;
use proofmark_service::policy::{Policies, ValidationPolicy};
use proofmark_service::user::validate;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.counts-bytes",
        deviation: "A name of 100 characters that are two bytes each is refused.",
        breaks: &["user.create.field-limits"],
        variant: Variant::ServerPolicies(|| Policies { validation: Arc::new(Bytes), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Bytes;

impl ValidationPolicy for Bytes {
    fn user(&self, name: &str, email: &str) -> Vec<Violation> {
        let mut violations = validate::user(name, email);
        if name.len() > 100 && violations.is_empty() {
            violations.push(Violation::new("name", "has more than 100 characters"));
        }
        violations
    }
}
