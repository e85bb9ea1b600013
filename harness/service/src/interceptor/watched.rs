//! Tells a layer how a response ends, whichever way it does.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::grpc::block;
use crate::interceptor::Response;

/// A layer that wants to know the end. Dropped without [`Watcher::ended`], the call was cut off.
pub(crate) trait Watcher: Send + Unpin + 'static {
    /// The response ends with this code.
    fn ended(&mut self, code: Code);

    /// Something is about to be asked for; what is returned lives as long as that takes.
    fn enter(&self) -> Option<tracing::span::Entered<'_>> {
        None
    }
}

/// Passes a response on and tells `watcher` of its end.
pub(crate) fn watch(response: Response, mut watcher: impl Watcher) -> Response {
    if let Some(code) = code_of(response.headers()) {
        watcher.ended(code);
        return response;
    }
    response.map(|body| Body::new(WatchedBody { body, watcher }))
}

struct WatchedBody<W> {
    body: Body,
    watcher: W,
}

impl<W: Watcher> http_body::Body for WatchedBody<W> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let polled = {
            let _entered = this.watcher.enter();
            Pin::new(&mut this.body).poll_frame(cx)
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code_of) {
                    this.watcher.ended(code);
                }
            }
            Poll::Ready(Some(Err(status))) => this.watcher.ended(status.code()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}

fn code_of(block: &HeaderMap) -> Option<Code> {
    Some(Code::from_bytes(block.get(block::STATUS)?.as_bytes()))
}
