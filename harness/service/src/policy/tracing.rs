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

    /// A `traceparent` that all attempts of an outgoing call carry, in place of one span an attempt below the call's `own`.
    fn fixed(&self, _own: TraceParent, _incoming: Option<TraceParent>) -> Option<TraceParent> {
        None
    }
}
