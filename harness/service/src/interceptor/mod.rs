//! What surrounds every handler, unary and streaming alike.
//!
//! The order, outermost first, is that of [`stack`]: request id, tracing, access log, recovery, deadline, auth, handler.
//! Each is a tower layer in its own file.

mod access_log;
pub(crate) mod auth;
mod deadline;
mod handler;
pub(crate) mod recovery;
mod request_id;
mod tracing;
mod watched;

use std::convert::Infallible;
use std::sync::Arc;

use proofmark_transport::BoxFuture;
use tonic::Status;
use tonic::body::Body;
use tower::{Service, ServiceBuilder};

use crate::app::App;
use crate::call::Call;
use crate::connection::request::RequestBody;

/// A request on its way in.
pub(crate) type Request = http::Request<RequestBody>;

/// A response on its way out; the block that ends it is written by the connection.
pub(crate) type Response = http::Response<Body>;

/// What every layer gives.
pub(crate) type Reply = BoxFuture<'static, Result<Response, Infallible>>;

/// What every layer surrounds.
pub(crate) trait Inner: Service<Request, Response = Response, Error = Infallible, Future = Reply> + Clone + Send + 'static {}

impl<S> Inner for S where S: Service<Request, Response = Response, Error = Infallible, Future = Reply> + Clone + Send + 'static {}

/// The handler with everything around it.
pub(crate) fn stack(app: &Arc<App>) -> impl Inner + Sync + use<> {
    ServiceBuilder::new()
        .layer(request_id::layer(app.clone()))
        .layer(tracing::layer(app.clone()))
        .layer(access_log::layer(app.clone()))
        .layer(recovery::layer(app.clone()))
        .layer(deadline::layer(app.clone()))
        .layer(auth::layer(app.clone()))
        .service(handler::Handler::new(app))
}

/// The call that a request belongs to; the connection puts it there.
fn call(request: &Request) -> Arc<Call> {
    // a request without its call cannot exist: requests are made in one place
    request.extensions().get::<Arc<Call>>().cloned().unwrap_or_else(|| {
        Arc::new(Call::new(request.uri().clone(), request.headers(), ([0, 0, 0, 0], 0).into(), proofmark_transport::clock::Instant::now()))
    })
}

/// The answer of a layer that does not let a call through.
fn refuse(status: Status) -> Reply {
    Box::pin(std::future::ready(Ok(status.into_http())))
}
