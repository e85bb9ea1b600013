//! `grpc.testing.XdsUpdateHealthService`, by which gRPC's own test tools switch a server's health. Only with test hooks.

use std::future::Ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use proofmark_api::health::health_check_response::ServingStatus;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

use crate::health::Health;
use crate::interceptor::Request;

/// Says SERVING of the server and its service.
pub(crate) const SET_SERVING: &str = "/grpc.testing.XdsUpdateHealthService/SetServing";

/// Says NOT_SERVING of both.
pub(crate) const SET_NOT_SERVING: &str = "/grpc.testing.XdsUpdateHealthService/SetNotServing";

/// Answers one of the two; both take and give an empty message.
pub(crate) async fn answer(health: Arc<Health>, serves: bool, request: Request) -> http::Response<Body> {
    Grpc::new(ProstCodec::<(), ()>::default()).unary(Switch { health, serves }, request).await
}

struct Switch {
    health: Arc<Health>,
    serves: bool,
}

impl Service<tonic::Request<()>> for Switch {
    type Response = Response<()>;
    type Error = Status;
    type Future = Ready<Result<Response<()>, Status>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: tonic::Request<()>) -> Self::Future {
        self.health.pin_all(if self.serves { ServingStatus::Serving } else { ServingStatus::NotServing });
        std::future::ready(Ok(Response::new(())))
    }
}
