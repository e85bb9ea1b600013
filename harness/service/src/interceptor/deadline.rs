//! Reads the deadline and publishes it. Enforcing it is the work of whoever owns the stream.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderValue;
use tonic::Status;
use tower::Service;
use tower::layer::{LayerFn, layer_fn};

use crate::app::App;
use crate::interceptor::{self, Inner, Reply, Request};

/// The layer.
pub(crate) fn layer<S>(app: Arc<App>) -> LayerFn<impl Fn(S) -> Deadline<S> + Clone> {
    layer_fn(move |inner| Deadline { app: app.clone(), inner })
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Deadline<S> {
    app: Arc<App>,
    inner: S,
}

impl<S: Inner> Service<Request> for Deadline<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Reply {
        let call = interceptor::call(&request);
        let policy = &self.app.policies.deadline;
        let values: Vec<&[u8]> = request.headers().get_all("grpc-timeout").iter().map(HeaderValue::as_bytes).collect();
        let asked = match policy.read(&values) {
            Ok(asked) => asked,
            Err(malformed) => return interceptor::refuse(Status::internal(malformed.to_string())),
        };
        if let Some(limit) = policy.limit(asked, self.app.settings.deadline_max) {
            call.set_deadline(limit, call.arrived());
            // nothing is begun that has no time at all
            if call.remaining().is_some_and(|remaining| remaining.is_zero()) {
                return interceptor::refuse(Status::deadline_exceeded("deadline exceeded"));
            }
        }
        self.inner.call(request)
    }
}
