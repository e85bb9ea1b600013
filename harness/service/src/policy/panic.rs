//! What a panic becomes.

use std::fmt::Debug;

use tonic::Status;

/// Decisions about panics of handlers.
pub trait PanicPolicy: Debug + Send + Sync {
    /// What the caller is told; `text` is the panic's own.
    fn answer(&self, _text: &str) -> Status {
        Status::internal("internal error")
    }

    /// A panic while the response streams is caught too. Otherwise the stream is reset with INTERNAL_ERROR.
    fn guards_stream(&self) -> bool {
        true
    }

    /// A panic ends its own call alone. Otherwise its connection ends.
    fn contained(&self) -> bool {
        true
    }
}
