//! One server span a call: a `tracing` span around it and one structured line when it ends.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use serde_json::json;
use tonic::Code;
use tower::Service;
use tower::layer::{LayerFn, layer_fn};
use tracing::{Instrument, Span};

use crate::app::{self, App};
use crate::call::{Call, Trace, code_name};
use crate::interceptor::watched::{self, Watcher};
use crate::interceptor::{self, Inner, Reply, Request};
use crate::trace::TraceParent;

/// The layer.
pub(crate) fn layer<S>(app: Arc<App>) -> LayerFn<impl Fn(S) -> Tracing<S> + Clone> {
    layer_fn(move |inner| Tracing { app: app.clone(), inner })
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Tracing<S> {
    app: Arc<App>,
    inner: S,
}

impl<S: Inner> Service<Request> for Tracing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Reply {
        let call = interceptor::call(&request);
        let trace = place(&self.app, request.headers());
        let name = call.path().trim_start_matches('/').to_owned();
        let span = tracing::info_span!("call", name, trace = %format_args!("{:032x}", trace.own.trace), status = tracing::field::Empty);
        call.set_trace(trace);
        let mut open = OpenSpan { app: self.app.clone(), call, name, span: span.clone(), code: None };
        let reply = span.in_scope(|| self.inner.call(request)).instrument(span);
        let reply = async move {
            reply.await.map(|response| {
                if let Some(status) = crate::grpc::block::status_of(response.headers()) {
                    open.ended(status.code());
                }
                watched::watch(response, open)
            })
        };
        Box::pin(reply)
    }
}

/// Where a call belongs: in its caller's trace, or in a new one.
fn place(app: &App, fields: &HeaderMap) -> Trace {
    let policy = &app.policies.tracing;
    let values: Vec<&[u8]> = fields.get_all("traceparent").iter().map(http::HeaderValue::as_bytes).collect();
    let incoming = policy.parent(&values);
    let own = TraceParent {
        trace: incoming.map_or_else(|| app.ids.trace(), |parent| parent.trace),
        span: app.ids.span(),
        flags: incoming.map_or(1, |parent| parent.flags),
    };
    let state = if policy.keeps_state(incoming.is_some()) { fields.get_all("tracestate").iter().cloned().collect() } else { Vec::new() };
    Trace { own, incoming, state }
}

/// A span that is written when it is dropped.
#[derive(Debug)]
struct OpenSpan {
    app: Arc<App>,
    call: Arc<Call>,
    name: String,
    span: Span,
    code: Option<Code>,
}

impl Watcher for OpenSpan {
    fn ended(&mut self, code: Code) {
        self.code.get_or_insert(code);
    }

    fn enter(&self) -> Option<tracing::span::Entered<'_>> {
        Some(self.span.enter())
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        let policy = &self.app.policies.tracing;
        if !policy.records(self.call.path(), self.code.is_none()) {
            return;
        }
        let status = code_name(policy.status(self.code.unwrap_or_else(|| self.call.ending())));
        self.span.record("status", status);
        let Some(trace) = self.call.trace().filter(|_| self.app.lines.wants_logs()) else { return };
        let mut line = json!({
            "line": "span",
            "trace": format!("{:032x}", trace.own.trace),
            "parent": trace.incoming.map(|parent| format!("{:016x}", parent.span)),
            "span": format!("{:016x}", trace.own.span),
            "kind": "server",
            "name": self.name,
            "status": status,
            "request-id": self.call.request_id_text(),
        });
        app::add_call(&mut line, &self.call);
        self.app.lines.log(line);
    }
}
