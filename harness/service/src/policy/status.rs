//! How a status looks on the wire.

use std::fmt::Debug;

use http::HeaderValue;

use crate::grpc::text;

/// Decisions about the form of a status.
pub trait StatusPolicy: Debug + Send + Sync {
    /// The value of `grpc-message`.
    fn message(&self, text: &str) -> HeaderValue {
        text::encode(text)
    }

    /// A failure before the first message goes out as one block.
    fn trailers_only(&self) -> bool {
        true
    }

    /// Details that a handler attached are sent with a failure.
    fn sends_details(&self, _trailers_only: bool) -> bool {
        true
    }
}
