//! A server that says that input is wrong and not where.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ValidationPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.sends-no-details-of-input",
        deviation: "Errors of validation have no details.",
        breaks: &["user.create.validation-details", "user.create.field-limits", "user.batch.invalid-item"],
        variant: Variant::ServerPolicies(|| Policies { validation: Arc::new(Terse), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Terse;

impl ValidationPolicy for Terse {
    fn sends_details(&self) -> bool {
        false
    }
}
