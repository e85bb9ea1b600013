//! Who may call what.

use std::fmt::Debug;

use tonic::Status;

/// Decisions about authentication.
pub trait AuthPolicy: Debug + Send + Sync {
    /// Calls of this method need no token.
    fn is_public(&self, path: &str) -> bool {
        PUBLIC.contains(&path)
    }

    /// Calls of this method are guarded if it is not public.
    fn guards(&self, _path: &str) -> bool {
        true
    }

    /// The token in the values of `authorization`; nothing: it is missing.
    fn token<'a>(&self, values: &[&'a [u8]]) -> Result<&'a str, Status> {
        match values {
            [] => Err(Status::unauthenticated("missing token")),
            [value] => bearer(value).ok_or_else(|| Status::unauthenticated("invalid token")),
            _ => Err(Status::unauthenticated("invalid token")),
        }
    }

    /// What an unknown or expired token gets; the reason is for the log.
    fn rejected(&self, _reason: &str) -> Result<(), Status> {
        Err(Status::unauthenticated("invalid token"))
    }

    /// What a call gets while the validator is out of reach.
    fn unavailable(&self) -> Result<(), Status> {
        Err(Status::unavailable("the token cannot be checked"))
    }
}

fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The methods of health and reflection, by their full names.
const PUBLIC: [&str; 5] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
