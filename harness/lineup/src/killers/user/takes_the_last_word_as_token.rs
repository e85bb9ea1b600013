//! A server that takes the last word of `authorization` for the token.

use std::sync::Arc;

use proofmark_service::policy::{AuthPolicy, Policies, Reference};
use tonic::Status;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.takes-any-scheme",
        deviation: "Any scheme is as good as `Bearer`, and a scheme alone is a token that is missing.",
        breaks: &["user.auth.invalid-token"],
        variant: Variant::ServerPolicies(|| Policies { auth: Arc::new(AnyScheme), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct AnyScheme;

impl AuthPolicy for AnyScheme {
    fn token<'a>(&self, values: &[&'a [u8]]) -> Result<&'a str, Status> {
        let missing = || Status::unauthenticated("missing token");
        let [value] = values else { return Reference.token(values) };
        let text = std::str::from_utf8(value).map_err(|_| missing())?;
        text.split_once(' ').map(|(_, token)| token).ok_or_else(missing)
    }
}
