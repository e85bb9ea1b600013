//! A request becomes a call of the native interface.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower_service::Service;

use crate::call::{CallEvents, CallRun};
use crate::channel::{Channel, Refused};
use crate::interceptor::IncomingContext;
use crate::metadata::{Metadata, Value};
use crate::options::{CallKind, CallOptions};
use crate::policy::BASE64;
use crate::tonic_service::kinds::kind_of;
use crate::tonic_service::requests::Requests;
use crate::tonic_service::responses::response;
use crate::tonic_service::{Deadline, WaitForReady};

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        let channel = self.clone();
        Box::pin(async move { Ok(channel.serve(request).await.unwrap_or_else(Status::into_http)) })
    }
}

impl Channel {
    async fn serve(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let kind = kind_of(parts.uri.path());
        let mut requests = Requests::new(body);
        let only = if kind.single_request() { Some(only_message(&mut requests).await?) } else { None };
        let options = call_options(&parts, kind, only);
        let refused = |refused: Refused| Status::new(Code::Internal, refused.0);
        if kind == CallKind::Unary {
            let (run, _handle, events) = self.prepare(options).map_err(refused)?;
            return Ok(response(run_here(run, events).await).await);
        }
        let (handle, events) = self.start(options).map_err(refused)?;
        if !kind.single_request() {
            tokio::spawn(requests.pump(handle));
        }
        Ok(response(events).await)
    }
}

/// Runs a call within the caller's task, which needs all of its response anyway; its events are there afterwards.
async fn run_here(run: CallRun, events: CallEvents) -> CallEvents {
    let mut run = Box::pin(run.run());
    // declared last: dropped first, so that a call which is given up counts as cancelled
    let events = events;
    run.as_mut().await;
    events
}

async fn only_message(requests: &mut Requests) -> Result<Bytes, Status> {
    match requests.next().await {
        Ok(Some(message)) => Ok(message),
        Ok(None) => Err(Status::internal("the request has no message")),
        Err(broken) => Err(Status::internal(broken.0)),
    }
}

fn call_options(parts: &Parts, kind: CallKind, request: Option<Bytes>) -> CallOptions {
    let deadline = parts.extensions.get::<Deadline>().map(|deadline| deadline.0);
    CallOptions {
        metadata: metadata(&parts.headers),
        timeout: deadline.or_else(|| parts.headers.get("grpc-timeout").and_then(|value| read_timeout(value.as_bytes()))),
        wait_for_ready: parts.extensions.get::<WaitForReady>().map(|wait| wait.0),
        request,
        context: parts.extensions.get::<IncomingContext>().cloned(),
        ..CallOptions::new(parts.uri.path(), kind)
    }
}

/// The application's metadata; what tonic added for the protocol is left out, the channel adds its own.
fn metadata(headers: &HeaderMap) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in headers {
        let name = name.as_str();
        if name.starts_with("grpc-") || PROTOCOL.contains(&name) {
            continue;
        }
        let value = match name.ends_with("-bin").then(|| BASE64.decode(value.as_bytes())) {
            Some(Ok(bytes)) => Value::Bytes(bytes.into()),
            _ => match value.to_str() {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::Bytes(Bytes::copy_from_slice(value.as_bytes())),
            },
        };
        metadata.push(name, value);
    }
    metadata
}

/// Reads a `grpc-timeout`: up to eight digits and a unit.
fn read_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let amount: u64 = std::str::from_utf8(digits).ok().filter(|digits| digits.len() <= 8)?.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

const PROTOCOL: [&str; 3] = ["te", "content-type", "user-agent"];
