//! The request as it is read: frames from the stream, judged by their message prefixes, and never a reset that looks like an end.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::Frame;
use tonic::Status;

use crate::grpc::scan::{PREFIX, Scanner};
use crate::policy::MessagePolicy;

/// What is answered to a request that is none of gRPC's, before anything else looks at it.
pub(crate) fn refusal(request: &http::Request<RecvStream>, policy: &dyn MessagePolicy) -> Option<Response<()>> {
    let status = if !policy.is_post(request.method()) {
        StatusCode::METHOD_NOT_ALLOWED
    } else if !policy.is_grpc(request.headers()) {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else if names_two_hosts(request.headers()) {
        StatusCode::BAD_REQUEST
    } else {
        return None;
    };
    let mut response = Response::new(());
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    }
    Some(response)
}

fn names_two_hosts(fields: &HeaderMap) -> bool {
    fields.get_all(header::HOST).iter().nth(1).is_some()
}

/// A request stream, shared by whoever reads it and the task that owns the call.
#[derive(Clone, Debug)]
pub(crate) struct RequestStream(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    stream: Option<RecvStream>,
    over: Over,
    waker: Option<Waker>,
    /// The stream was found to be lost, and its owner was asked to look at it before the reader is told.
    is_owner_asked: bool,
}

/// What a reader sees of a stream that its owner has let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// An error.
    Lost,
    /// The end of input.
    End,
}

impl RequestStream {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self(Arc::new(Mutex::new(State { stream: Some(stream), over: Over::Lost, waker: None, is_owner_asked: false })))
    }

    /// Lets the stream go. Whoever reads it is told.
    pub(crate) fn close(&self, over: Over) {
        let mut state = self.state();
        state.over = over;
        let stream = state.stream.take();
        let waker = state.waker.take();
        drop(state);
        drop(stream);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next bytes; what is read is returned to the sender as credit at once.
    fn poll_data(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        let mut state = self.state();
        let Some(stream) = &mut state.stream else {
            return Poll::Ready(match state.over {
                Over::Lost => Some(Err(lost())),
                Over::End => None,
            });
        };
        match stream.poll_data(cx) {
            Poll::Pending => {
                if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    state.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
            Poll::Ready(Some(Ok(data))) => {
                // fails only for a stream that is gone, where credit has no meaning
                let _ = stream.flow_control().release_capacity(data.len());
                Poll::Ready(Some(Ok(data)))
            }
            // the reset came after the owner last looked: it decides what becomes of the handler, so it comes first
            Poll::Ready(Some(Err(_))) if !state.is_owner_asked => {
                state.is_owner_asked = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(lost()))),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not `Cancelled`: tonic takes that for the end of input.
fn lost() -> Status {
    Status::unavailable("the request stream was lost")
}

/// The body of a request.
#[derive(Debug)]
pub(crate) struct RequestBody(Kind);

#[derive(Debug)]
enum Kind {
    Stream { stream: RequestStream, scanner: Scanner, refused: Option<Status>, policy: Arc<dyn MessagePolicy>, is_over: bool },
    Whole(Option<Bytes>),
}

impl RequestBody {
    pub(crate) fn stream(stream: RequestStream, fields: &mut HeaderMap, limit: usize, policy: Arc<dyn MessagePolicy>) -> Self {
        // compressed messages are refused here, so that nothing further in has to know of encodings
        let encoding = fields.remove("grpc-encoding").and_then(|value| value.to_str().ok().map(str::to_owned));
        Self(Kind::Stream { stream, scanner: Scanner::new(limit, encoding), refused: None, policy, is_over: false })
    }

    pub(crate) fn whole(message: Bytes) -> Self {
        Self(Kind::Whole(Some(message)))
    }

    /// Reads the request to its end; it has to be exactly one message, which is given with its prefix.
    pub(crate) async fn one_message(mut self, policy: &dyn MessagePolicy) -> Result<Bytes, Status> {
        let mut first = Bytes::new();
        let mut further = BytesMut::new();
        while let Some(data) = std::future::poll_fn(|cx| self.poll_data(cx)).await.transpose()? {
            if first.is_empty() {
                first = data;
            } else {
                if further.is_empty() {
                    further.extend_from_slice(&first);
                }
                further.extend_from_slice(&data);
            }
            if self.messages() > 1 {
                policy.second_request()?;
            }
        }
        let message = if further.is_empty() { first } else { further.freeze() };
        if self.messages() == 0 {
            policy.no_request()?;
            return Ok(Bytes::from_static(&[0; PREFIX]));
        }
        Ok(only_first(message))
    }

    fn messages(&self) -> usize {
        match &self.0 {
            Kind::Stream { scanner, .. } => scanner.messages(),
            Kind::Whole(_) => 1,
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        match &mut self.0 {
            Kind::Whole(message) => Poll::Ready(message.take().map(Ok)),
            Kind::Stream { stream, scanner, refused, policy, is_over } => {
                if *is_over {
                    return Poll::Ready(None);
                }
                if let Some(status) = refused.take() {
                    *is_over = true;
                    return Poll::Ready(Some(Err(status)));
                }
                match ready!(stream.poll_data(cx)) {
                    Some(Ok(mut data)) => {
                        if let Err((good, status)) = scanner.follow(&data, &**policy) {
                            data.truncate(good);
                            *refused = Some(status);
                        }
                        Poll::Ready(Some(Ok(data)))
                    }
                    Some(Err(status)) => {
                        *is_over = true;
                        Poll::Ready(Some(Err(status)))
                    }
                    None => {
                        *is_over = true;
                        let truncated = if scanner.is_between() { Ok(()) } else { policy.truncated() };
                        Poll::Ready(truncated.err().map(Err))
                    }
                }
            }
        }
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(ready!(self.get_mut().poll_data(cx)).map(|data| data.map(Frame::data)))
    }
}

fn only_first(mut bytes: Bytes) -> Bytes {
    if let Some(&[_, a, b, c, d]) = bytes.get(..PREFIX) {
        bytes.truncate(PREFIX + u32::from_be_bytes([a, b, c, d]) as usize);
    }
    bytes
}
