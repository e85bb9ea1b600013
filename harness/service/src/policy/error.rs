//! How errors become statuses.

use std::fmt::Debug;

use tonic::Status;

use crate::domain::{self, DomainError};
use crate::user::Method;

/// Decisions about errors.
pub trait ErrorPolicy: Debug + Send + Sync {
    /// The status of a domain error.
    fn domain(&self, _method: Method, error: &DomainError) -> Status {
        domain::to_status(error)
    }

    /// The status of an error that is no domain error; `cause` is for the log only.
    fn unclassified(&self, method: Method, _cause: &str) -> Status {
        Status::internal(method.failure_text())
    }

    /// A domain error or status is also recognised below other errors.
    fn looks_below(&self, _method: Method) -> bool {
        true
    }

    /// An error that is a status already.
    fn status(&self, status: Status) -> Status {
        status
    }

    /// The status of an error that is neither status nor domain error and comes from the handler itself.
    fn plain(&self, _text: &str) -> Status {
        Status::unknown("unknown error")
    }

    /// The status of a handler that fails with OK.
    fn ok_as_error(&self, _status: Status) -> Status {
        Status::unknown("a failed call had the status OK")
    }
}
