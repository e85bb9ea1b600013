//! What happens to the stream of a call that is given up.

use std::fmt::Debug;

use bytes::Bytes;
use h2::{Reason, SendStream};
use tonic::Code;

use crate::policy::Standard;

/// Why an attempt's stream is left before both sides ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyAbandoned {
    /// The application cancelled.
    Cancelled,
    /// The deadline passed.
    Expired,
    /// The response is unusable (limits, cardinality, framing, not gRPC).
    Unusable,
    /// The peer ended its response while requests were still being sent.
    ResponseOver,
}

/// How far a call had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelPhase {
    /// Waiting for a connection, a stream or a retry.
    Waiting,
    /// The request is under way; no response headers yet.
    Requested,
    /// Response headers have arrived.
    Responding,
}

/// Decisions about cancelling.
pub trait CancelRules: Debug + Send + Sync {
    /// Leaves the stream: a reset with CANCEL, which depends on no window and never ends the request. Dropping `stream` resets it with CANCEL, too.
    fn abandon(&self, why: WhyAbandoned, mut stream: SendStream<Bytes>) {
        let _ = why;
        stream.send_reset(Reason::CANCEL);
    }

    /// Whether cancelling takes effect at once in this phase.
    fn at_once(&self, phase: CancelPhase) -> bool {
        let _ = phase;
        true
    }

    /// What the application sees of a call that it cancelled.
    fn cancelled(&self) -> (Code, &'static str) {
        (Code::Cancelled, "the application cancelled the call")
    }

    /// Whether a send that waits is released when its call ends.
    fn releases_senders(&self) -> bool {
        true
    }
}

impl CancelRules for Standard {}
