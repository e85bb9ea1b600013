//! What can go wrong in the service's own terms, and the one table that says which status it becomes.

use std::error::Error;
use std::time::Duration;

use proofmark_api::rpc;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

/// An error of the domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// What was asked for does not exist.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// What should be made exists.
    #[error("{0} already exists")]
    AlreadyExists(&'static str),
    /// The input is wrong, field by field.
    #[error("validation failed")]
    InvalidInput(Vec<Violation>),
    /// The caller is not known.
    #[error("unauthorized")]
    Unauthorized,
    /// The caller is known and may not.
    #[error("forbidden")]
    Forbidden,
    /// Somebody else changed it at the same time.
    #[error("conflict")]
    Conflict,
    /// Too much was asked for; try again later.
    #[error("rate limited")]
    RateLimited {
        /// The least time to wait.
        retry_after: Duration,
    },
    /// Something that the service depends on is out of reach.
    #[error("dependency unavailable")]
    Unavailable,
    /// The call was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The call's time is over.
    #[error("deadline exceeded")]
    DeadlineExceeded,
    /// Not in this state.
    #[error("wrong state")]
    WrongState,
    /// Not offered.
    #[error("not supported")]
    NotSupported,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

impl Violation {
    /// A wrong field.
    pub fn new(field: &str, description: &str) -> Self {
        Self { field: field.to_owned(), description: description.to_owned() }
    }
}

/// Any error, with the errors below it.
pub type AnyError = Box<dyn Error + Send + Sync>;

/// The status of a domain error. Total: a new variant does not compile without its row.
pub fn to_status(error: &DomainError) -> Status {
    let text = error.to_string();
    match error {
        DomainError::NotFound(_) => Status::not_found(text),
        DomainError::AlreadyExists(_) => Status::already_exists(text),
        DomainError::InvalidInput(violations) => with_detail(Code::InvalidArgument, &text, bad_request(violations)),
        DomainError::Unauthorized => Status::unauthenticated(text),
        DomainError::Forbidden => Status::permission_denied(text),
        DomainError::Conflict => Status::aborted(text),
        DomainError::RateLimited { retry_after } => with_detail(Code::ResourceExhausted, &text, retry_info(*retry_after)),
        DomainError::Unavailable => Status::unavailable(text),
        DomainError::Cancelled => Status::cancelled(text),
        DomainError::DeadlineExceeded => Status::deadline_exceeded(text),
        DomainError::WrongState => Status::failed_precondition(text),
        DomainError::NotSupported => Status::unimplemented(text),
    }
}

/// The domain error or status in `error` itself or, if `below`, in what caused it.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static), below: bool) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = if below { error.source() } else { None };
    }
    None
}

/// The texts of an error and of what caused it.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

fn bad_request(violations: &[Violation]) -> Any {
    let field_violations = violations
        .iter()
        .map(|violation| rpc::bad_request::FieldViolation { field: violation.field.clone(), description: violation.description.clone() })
        .collect();
    any("BadRequest", &rpc::BadRequest { field_violations })
}

fn retry_info(retry_after: Duration) -> Any {
    any("RetryInfo", &rpc::RetryInfo { retry_delay: retry_after.try_into().ok() })
}

fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/google.rpc.{name}"), value: message.encode_to_vec() }
}

fn with_detail(code: Code, text: &str, detail: Any) -> Status {
    let status = rpc::Status { code: code.into(), message: text.to_owned(), details: vec![detail] };
    Status::with_details(code, text, status.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(DomainError::NotFound("user"), Code::NotFound)]
    #[case(DomainError::AlreadyExists("user"), Code::AlreadyExists)]
    #[case(DomainError::InvalidInput(vec![]), Code::InvalidArgument)]
    #[case(DomainError::Unauthorized, Code::Unauthenticated)]
    #[case(DomainError::Forbidden, Code::PermissionDenied)]
    #[case(DomainError::Conflict, Code::Aborted)]
    #[case(DomainError::RateLimited { retry_after: Duration::from_secs(1) }, Code::ResourceExhausted)]
    #[case(DomainError::Unavailable, Code::Unavailable)]
    #[case(DomainError::Cancelled, Code::Cancelled)]
    #[case(DomainError::DeadlineExceeded, Code::DeadlineExceeded)]
    #[case(DomainError::WrongState, Code::FailedPrecondition)]
    #[case(DomainError::NotSupported, Code::Unimplemented)]
    fn every_domain_error_has_its_code(#[case] error: DomainError, #[case] code: Code) {
        assert_eq!(to_status(&error).code(), code);
    }

    #[test]
    fn details_agree_with_the_status() {
        let status = to_status(&DomainError::InvalidInput(vec![Violation::new("name", "is empty")]));
        let details = rpc::Status::decode(status.details()).unwrap();
        assert_eq!((details.code, details.message.as_str()), (3, "validation failed"));
        assert_eq!(details.details[0].type_url, "type.googleapis.com/google.rpc.BadRequest");
    }

    #[test]
    fn a_wrapped_error_is_found() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] DomainError);
        let error = Outer(DomainError::Conflict);
        assert_eq!(find::<DomainError>(&error, true), Some(&DomainError::Conflict));
        assert_eq!(find::<DomainError>(&error, false), None);
        assert_eq!(chain(&error), "outer: conflict");
    }
}
