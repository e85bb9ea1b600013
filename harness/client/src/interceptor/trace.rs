//! W3C trace context on outgoing calls: one span an attempt.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use proofmark_transport::{Chance, Seed};

use crate::interceptor::log::milliseconds;
use crate::interceptor::{Interceptor, OutgoingAttempt};
use crate::outcome::{Outcome, code_name};

/// A position in a trace. Displays as a `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace, not zero.
    pub trace_id: u128,
    /// The span, not zero.
    pub span_id: u64,
    /// The flags; bit 0 is 'sampled'.
    pub flags: u8,
    /// `tracestate`, passed on as it came.
    pub state: Option<String>,
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// Makes a span for every attempt, as a child of the incoming call's span or in a new trace, and writes it as `traceparent`.
/// An application that set `traceparent` itself is left alone.
#[derive(Debug)]
pub struct TraceInterceptor(Mutex<Chance>);

impl TraceInterceptor {
    /// Ids are drawn from `seed`'s stream `client.trace`.
    pub fn new(seed: Seed) -> Self {
        Self(Mutex::new(seed.stream("client.trace")))
    }

    fn child(&self, attempt: &OutgoingAttempt<'_>) -> TraceContext {
        let mut chance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let span_id = chance.bits().max(1);
        match attempt.call.context.as_ref().and_then(|context| context.trace.clone()) {
            Some(parent) => TraceContext { span_id, ..parent },
            None => {
                let trace_id = (u128::from(chance.bits()) << 64 | u128::from(chance.bits())).max(1);
                TraceContext { trace_id, span_id, flags: 1, state: None }
            }
        }
    }
}

impl Interceptor for TraceInterceptor {
    fn attempt_started(&self, attempt: &mut OutgoingAttempt<'_>) {
        if attempt.call.metadata.get("traceparent").is_some() {
            return;
        }
        let span = self.child(attempt);
        attempt.metadata.push("traceparent", span.to_string());
        if let Some(state) = &span.state {
            attempt.metadata.push("tracestate", state.as_str());
        }
        attempt.span = Some(span);
    }

    fn attempt_ended(&self, attempt: &OutgoingAttempt<'_>, outcome: &Outcome) {
        let Some(span) = &attempt.span else { return };
        let parent = attempt.call.context.as_ref().and_then(|context| context.trace.as_ref()).map(|parent| parent.span_id);
        let parent = parent.map(|parent| format!("{parent:016x}")).unwrap_or_default();
        tracing::info!(
            target: "proofmark_client::span",
            line = "span",
            trace = %format_args!("{:032x}", span.trace_id),
            span = %format_args!("{:016x}", span.span_id),
            parent,
            kind = "client",
            name = %attempt.call.method.trim_start_matches('/'),
            status = code_name(outcome.code),
            attempt = attempt.number,
            duration = %milliseconds(attempt.started.elapsed()),
            "attempt ended"
        );
    }
}
