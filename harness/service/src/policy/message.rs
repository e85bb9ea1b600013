//! What is accepted as a request.

use std::fmt::Debug;

use http::HeaderMap;
use tonic::Status;

use crate::grpc::metadata;

/// Decisions about requests before any handler sees them.
pub trait MessagePolicy: Debug + Send + Sync {
    /// The content-type is one of gRPC.
    fn is_grpc(&self, fields: &HeaderMap) -> bool {
        metadata::is_grpc_content_type(fields)
    }

    /// The HTTP method is one of gRPC.
    fn is_post(&self, method: &http::Method) -> bool {
        method == http::Method::POST
    }

    /// The name that a path is looked up by.
    fn route<'a>(&self, path: &'a str) -> std::borrow::Cow<'a, str> {
        path.into()
    }

    /// What a call to nothing gets.
    fn unknown_method(&self, path: &str) -> Status {
        Status::unimplemented(format!("unknown method {path}"))
    }

    /// What a call gets whose method takes one request and that has none.
    fn no_request(&self) -> Result<(), Status> {
        Err(Status::internal("the request has no message"))
    }

    /// What a call gets whose method takes one request and that has more.
    fn second_request(&self) -> Result<(), Status> {
        Err(Status::internal("the request has more than one message"))
    }

    /// What a request gets that ends within a message.
    fn truncated(&self) -> Result<(), Status> {
        Err(Status::internal("the request ends within a message"))
    }

    /// What a message of `size` bytes gets, judged by its prefix.
    fn size(&self, size: usize, limit: usize) -> Result<(), Status> {
        if size <= limit {
            return Ok(());
        }
        Err(Status::resource_exhausted(format!("a message of {size} bytes is above the limit of {limit} bytes")))
    }
}
