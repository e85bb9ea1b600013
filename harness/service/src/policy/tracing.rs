//! Where a call belongs.

use std::fmt::Debug;

use tonic::Code;

use crate::trace::TraceParent;

/// Decisions about trace context.
pub trait TracingPolicy: Debug + Send + Sync {
    /// The caller's span, read from all values of `traceparent`.
    fn parent(&self, values: &[&[u8]]) -> Option<TraceParent> {
        match values {
            [value] => TraceParent::parse(value),
            _ => None,
        }
    }

    /// `tracestate` is kept; `valid` if the `traceparent` beside it was.
    fn keeps_state(&self, valid: bool) -> bool {
        valid
    }

    /// Calls of this method get a span; it is written when they end, `dropped` or not.
    fn records(&self, _path: &str, _dropped: bool) -> bool {
        true
    }

    /// The status that the span shows.
    fn status(&self, code: Code) -> Code {
        code
    }

    /// What an outgoing call carries: `own` is the span made for it, `incoming` the value that came.
    fn outgoing(&self, own: TraceParent, _incoming: Option<&TraceParent>) -> TraceParent {
        own
    }
}
