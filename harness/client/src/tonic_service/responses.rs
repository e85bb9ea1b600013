//! Events become a response that tonic reads correctly.

use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;

use crate::call::{CallEvent, CallEvents, framed};
use crate::metadata::{Metadata, Value};
use crate::outcome::Outcome;
use crate::policy::BASE64;

/// The response of a call, from its first event on.
pub(crate) async fn response(mut events: CallEvents) -> Response<Body> {
    let mut head = HeaderMap::new();
    head.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let body = match events.next().await {
        Some(CallEvent::Headers(metadata)) => {
            add(&mut head, &metadata);
            Body::new(Events { events, first: None })
        }
        Some(CallEvent::Ended(outcome)) if !outcome.is_ok() => {
            head.extend(trailers(&outcome));
            Body::empty()
        }
        Some(event) => Body::new(Events { events, first: Some(event) }),
        None => Body::empty(),
    };
    let mut response = Response::new(body);
    *response.headers_mut() = head;
    response
}

struct Events {
    events: CallEvents,
    first: Option<CallEvent>,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            let event = match self.first.take() {
                Some(event) => Some(event),
                None => std::task::ready!(self.events.poll_next(cx)),
            };
            return Poll::Ready(match event {
                Some(CallEvent::Headers(_)) => continue,
                Some(CallEvent::Message(message)) => Some(Ok(Frame::data(framed(&message)))),
                Some(CallEvent::Ended(outcome)) => Some(Ok(Frame::trailers(trailers(&outcome)))),
                None => None,
            });
        }
    }
}

/// An outcome as trailers, all of them legal.
fn trailers(outcome: &Outcome) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    add(&mut trailers, &outcome.trailers);
    trailers.insert(Status::GRPC_STATUS, HeaderValue::from(outcome.code as i32));
    if let (false, Ok(message)) = (outcome.message.is_empty(), HeaderValue::try_from(percent_encoded(&outcome.message))) {
        trailers.insert(Status::GRPC_MESSAGE, message);
    }
    if let Some(Ok(details)) = outcome.details.as_ref().map(|details| HeaderValue::try_from(BASE64.encode(details))) {
        trailers.insert(Status::GRPC_STATUS_DETAILS, details);
    }
    trailers
}

fn add(map: &mut HeaderMap, metadata: &Metadata) {
    for (key, value) in metadata.iter() {
        let encoded = match value {
            Value::Bytes(bytes) if key.ends_with("-bin") => HeaderValue::try_from(BASE64.encode(bytes)).ok(),
            value => HeaderValue::from_bytes(value.as_bytes()).ok(),
        };
        if let (Ok(name), Some(value)) = (HeaderName::try_from(key), encoded) {
            map.append(name, value);
        }
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' => encoded.push_str("%25"),
            0x20..=0x7e => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
