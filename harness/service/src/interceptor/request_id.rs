//! Request id and tenant: read or made here; the metadata that a handler may see is prepared.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower::Service;
use tower::layer::{LayerFn, layer_fn};

use crate::app::App;
use crate::grpc::block;
use crate::interceptor::{self, Inner, Reply, Request};

/// The layer.
pub(crate) fn layer<S>(app: Arc<App>) -> LayerFn<impl Fn(S) -> RequestId<S> + Clone> {
    layer_fn(move |inner| RequestId { app: app.clone(), inner })
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct RequestId<S> {
    app: Arc<App>,
    inner: S,
}

impl<S: Inner> Service<Request> for RequestId<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Reply {
        let call = interceptor::call(&request);
        let policy = &self.app.policies.metadata;
        let fields = request.headers();
        call.set_request_id(policy.request_id(fields.get(block::REQUEST_ID), &mut || self.app.ids.request()));
        if let Some(tenant) = policy.tenant_id(fields.get(block::TENANT_ID)) {
            call.set_tenant_id(tenant);
        }
        self.inner.call(request)
    }
}
