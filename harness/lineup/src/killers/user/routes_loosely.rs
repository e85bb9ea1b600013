//! A server that serves its methods under other names, too, for convenience.

use std::borrow::Cow;
use std::sync::Arc;

use proofmark_service::policy::{MessagePolicy, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.routes-loosely",
        deviation: "The service is also found without its version, under another version and in lower case.",
        breaks: &["user.proto.versioned-package"],
        variant: Variant::ServerPolicies(|| Policies { message: Arc::new(Loose), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Loose;

impl MessagePolicy for Loose {
    fn route<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match path {
            "/user.UserService/GetUser" | "/user.v2.UserService/GetUser" | "/user.v1.UserService/getuser" => {
                "/user.v1.UserService/GetUser".into()
            }
            other => other.into(),
        }
    }
}
