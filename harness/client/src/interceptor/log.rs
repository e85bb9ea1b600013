//! One line a call.

use std::time::Duration;

use crate::interceptor::{Interceptor, OutgoingCall};
use crate::metadata::Value;
use crate::outcome::{Outcome, code_name};

/// Writes exactly one line for each call, whatever its end, as a `tracing` event.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogInterceptor;

impl Interceptor for LogInterceptor {
    fn call_ended(&self, call: &OutgoingCall, outcome: &Outcome) {
        let text = |key| call.metadata.get(key).and_then(Value::as_text).unwrap_or_default();
        tracing::info!(
            target: "proofmark_client::call",
            line = "call",
            method = %call.method.trim_start_matches('/'),
            code = code_name(outcome.code),
            duration = %milliseconds(call.started.elapsed()),
            "request-id" = text("x-request-id"),
            "tenant-id" = text("x-tenant-id"),
            text = %outcome.message.escape_debug(),
            "call ended"
        );
    }
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
