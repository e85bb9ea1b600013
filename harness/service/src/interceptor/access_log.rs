//! One line a call, when it has ended, whichever way it did.

use std::sync::Arc;
use std::task::{Context, Poll};

use serde_json::json;
use tonic::Code;
use tower::Service;
use tower::layer::{LayerFn, layer_fn};

use crate::app::{self, App};
use crate::call::{Call, code_name};
use crate::interceptor::watched::{self, Watcher};
use crate::interceptor::{self, Inner, Reply, Request};
use crate::policy::Record;

/// The layer.
pub(crate) fn layer<S>(app: Arc<App>) -> LayerFn<impl Fn(S) -> AccessLog<S> + Clone> {
    layer_fn(move |inner| AccessLog { app: app.clone(), inner })
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct AccessLog<S> {
    app: Arc<App>,
    inner: S,
}

impl<S: Inner> Service<Request> for AccessLog<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Reply {
        let line = OpenLine { app: self.app.clone(), call: interceptor::call(&request), is_written: false };
        line.write(self.app.policies.log.at_begin(line.record(Code::Ok)));
        let reply = self.inner.call(request);
        Box::pin(async move { reply.await.map(|response| watched::watch(response, line)) })
    }
}

/// A line that is written at the end of its call, or when the call is cut off.
#[derive(Debug)]
struct OpenLine {
    app: Arc<App>,
    call: Arc<Call>,
    is_written: bool,
}

impl OpenLine {
    fn record(&self, code: Code) -> Record {
        Record {
            method: self.call.path().to_owned(),
            code,
            duration: self.call.age(),
            request_id: self.call.request_id_text().to_owned(),
            tenant_id: self.call.tenant_id().and_then(|tenant| tenant.to_str().ok()).map(str::to_owned),
        }
    }

    fn write(&self, records: Vec<Record>) {
        for record in records {
            let code = code_name(record.code);
            let duration = format!("{}ms", record.duration.as_millis());
            tracing::debug!(method = record.method, code, duration, request_id = record.request_id, "access");
            if !self.app.lines.wants_logs() {
                continue;
            }
            let mut line =
                json!({"line": "access", "method": record.method, "code": code, "duration": duration, "request-id": record.request_id});
            if let Some(tenant) = record.tenant_id {
                line["tenant-id"] = json!(tenant);
            }
            line["peer"] = json!(self.call.peer().to_string());
            app::add_call(&mut line, &self.call);
            self.app.lines.log(line);
        }
    }
}

impl Watcher for OpenLine {
    fn ended(&mut self, code: Code) {
        if !std::mem::replace(&mut self.is_written, true) {
            self.write(self.app.policies.log.at_end(self.record(code)));
        }
    }
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        if !self.is_written {
            self.write(self.app.policies.log.when_dropped(self.record(self.call.ending())));
        }
    }
}
