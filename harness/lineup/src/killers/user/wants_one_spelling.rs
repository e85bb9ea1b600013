//! A server that compares the scheme letter by letter.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies, Reference};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.wants-one-spelling-of-bearer",
        deviation: "`bearer` is not taken for `Bearer`.",
        breaks: &["user.auth.invalid-token"],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(Spelling), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Spelling;

impl AuthPolicy for Spelling {
    fn token<'a>(&self, values: &[&'a [u8]]) -> Result<&'a str, Status> {
        let token = Reference.token(values)?;
        if values.iter().all(|value| value.starts_with(b"Bearer ")) { Ok(token) } else { Err(Status::unauthenticated("invalid token")) }
    }
}
