//! The task of a call: it owns the stream. It looks first whether the peer has gone, then whether it has to stop, then at the deadline, and only then at
//! the handler and the window; so all of that holds also while a response waits for window. Dropping the handler is how it is cancelled.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Response, StatusCode};
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::{Instant, Sleep, sleep_until};
use proofmark_transport::watch;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::app::App;
use crate::call::Call;
use crate::connection::Shared;
use crate::connection::request::{Over, RequestBody, RequestStream};
use crate::grpc::{block, scan};
use crate::interceptor::{Inner, Reply, Request};
use crate::policy::{Expiry, Loss, Reaction, Stage};

/// Which calls have to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// None.
    No,
    /// Watches of health.
    Watches,
    /// All of them.
    All,
}

/// One call.
pub(crate) struct CallTask {
    app: Arc<App>,
    call: Arc<Call>,
    shared: Arc<Shared>,
    request: RequestStream,
    side: Side,
    work: Work,
    stop: Option<BoxFuture<'static, ()>>,
    timer: Timer,
}

/// The response side of the stream.
enum Side {
    /// Nothing has been sent.
    Fresh(SendResponse<Bytes>),
    /// h2 did not take the headers. The stream has just been reset, and the next look at it tells; the handler waits until then.
    Unopened(SendResponse<Bytes>),
    /// The headers have been sent.
    Open(SendStream<Bytes>, Chunk),
    /// Nothing more is sent; the stream is kept until the connection has ended.
    Held(SendStream<Bytes>),
    /// Let go.
    Gone,
}

/// What the handler is doing.
enum Work {
    Head(Reply),
    Body(Body),
    /// The response bytes that were handed over still have to leave, then this ends it.
    Failed(Status),
    Over,
}

/// Response bytes on their way into the window.
#[derive(Debug, Default)]
struct Chunk {
    whole: Bytes,
    sent: usize,
}

#[derive(Default)]
struct Timer {
    due: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    is_off: bool,
}

impl CallTask {
    pub(crate) fn new(
        app: &Arc<App>,
        call: Arc<Call>,
        request: http::Request<RecvStream>,
        respond: SendResponse<Bytes>,
        mut stack: impl Inner,
        stop: watch::Receiver<Stop>,
        shared: Arc<Shared>,
    ) -> Self {
        let (mut parts, stream) = request.into_parts();
        let stream = RequestStream::new(stream);
        let body = RequestBody::stream(stream.clone(), &mut parts.headers, app.settings.max_receive, app.policies.message.clone());
        parts.extensions.insert(call.clone());
        let request = Request::from_parts(parts, body);
        app.calls.fetch_add(1, Ordering::Relaxed);
        shared.active.fetch_add(1, Ordering::Relaxed);
        Self {
            // this begins the call for its log; the handler begins when it is polled, in the task of its call, where a panic is its own
            work: Work::Head(stack.call(request)),
            stop: Some(Box::pin(stopped(stop, call.path() == WATCH))),
            app: app.clone(),
            call,
            shared,
            request: stream,
            side: Side::Fresh(respond),
            timer: Timer::default(),
        }
    }

    /// Runs the call to its end.
    pub(crate) async fn run(mut self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(loss) = self.poll_loss(cx) {
            self.lose(loss);
        }
        if self.stop.as_mut().is_some_and(|stop| stop.as_mut().poll(cx).is_ready()) {
            self.stop = None;
            self.cut();
        }
        loop {
            if self.poll_deadline(cx).is_ready() {
                self.expire();
            }
            let polled = self.advance(cx);
            // the handler has just published a deadline
            if polled.is_ready() || !self.is_deadline_new() {
                return polled;
            }
        }
    }

    /// The peer has reset the stream, or the connection is lost.
    fn poll_loss(&mut self, cx: &mut Context<'_>) -> Poll<Loss> {
        let polled = match &mut self.side {
            Side::Fresh(respond) => respond.poll_reset(cx),
            Side::Unopened(respond) => match respond.poll_reset(cx) {
                Poll::Pending => return Poll::Ready(Loss::Connection),
                reset => reset,
            },
            Side::Open(stream, _) | Side::Held(stream) => stream.poll_reset(cx),
            Side::Gone => return Poll::Pending,
        };
        polled.map(|reset| match reset {
            Ok(reason) => Loss::Reset(reason.into()),
            Err(_) => Loss::Connection,
        })
    }

    fn lose(&mut self, loss: Loss) {
        if matches!(self.side, Side::Held(_)) {
            self.let_go();
            return;
        }
        match self.app.policies.cancel.react(self.call.path(), loss) {
            Reaction::Drop => {
                self.call.set_ending(Code::Cancelled);
                self.let_go();
                self.work = Work::Over;
            }
            Reaction::Run => self.let_go(),
            Reaction::EndInput => {
                self.request.close(Over::End);
                self.side = Side::Gone;
            }
        }
    }

    /// The server goes: what remains ends now.
    fn cut(&mut self) {
        if matches!(self.work, Work::Over) {
            return;
        }
        let policy = self.app.policies.shutdown.clone();
        let status = policy.cut();
        self.call.set_ending(status.code());
        if policy.drops_handlers() {
            self.work = Work::Over;
        }
        // a status after half a message would be read as a broken message; the end of the connection says the right thing
        if self.is_within_message() {
            self.request.close(Over::Lost);
            if let Side::Open(stream, _) = std::mem::replace(&mut self.side, Side::Gone) {
                self.side = Side::Held(stream);
            }
        } else {
            self.end(&status);
        }
    }

    fn is_deadline_new(&self) -> bool {
        !self.timer.is_off && self.call.deadline() != self.timer.due
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.timer.is_off {
            return Poll::Pending;
        }
        if self.is_deadline_new() {
            self.timer.due = self.call.deadline();
            self.timer.sleep = self.timer.due.map(|due| Box::pin(sleep_until(due)));
        }
        self.timer.sleep.as_mut().map_or(Poll::Pending, |sleep| sleep.as_mut().poll(cx))
    }

    fn expire(&mut self) {
        let policy = self.app.policies.deadline.clone();
        let stage = if matches!(self.work, Work::Head(_)) { Stage::Handler } else { Stage::Response };
        self.timer.is_off = true;
        if matches!(self.work, Work::Over) || !policy.holds(self.call.path(), stage) {
            return;
        }
        if policy.drops_handler(self.call.path()) {
            self.call.set_ending(Code::DeadlineExceeded);
            self.work = Work::Over;
        }
        let over = if policy.ends_input() { Over::End } else { Over::Lost };
        match policy.answer() {
            Expiry::Status(_) if self.is_within_message() => self.reset(Reason::CANCEL),
            Expiry::Status(code) => self.end(&Status::new(code, "deadline exceeded")),
            Expiry::Reset(code) => self.reset(code.into()),
            Expiry::Silence => {
                if let Side::Open(stream, _) = std::mem::replace(&mut self.side, Side::Gone) {
                    self.side = Side::Held(stream);
                }
            }
        }
        self.request.close(over);
    }

    /// Lets handler and response go on as far as they can.
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.work {
                Work::Over => {
                    return if matches!(self.side, Side::Held(_)) { Poll::Pending } else { Poll::Ready(()) };
                }
                Work::Head(reply) => match reply.as_mut().poll(cx) {
                    Poll::Ready(Ok(response)) => self.answered(response),
                    Poll::Pending => {
                        self.open_if_wanted(cx);
                        return Poll::Pending;
                    }
                },
                Work::Failed(_) => {
                    if self.flush(cx).is_pending() {
                        return Poll::Pending;
                    }
                    if let Work::Failed(status) = std::mem::replace(&mut self.work, Work::Over) {
                        self.finish(&status);
                    }
                }
                Work::Body(_) => {
                    if self.flush(cx).is_pending() {
                        return Poll::Pending;
                    }
                    let Work::Body(body) = &mut self.work else { continue };
                    match http_body::Body::poll_frame(Pin::new(body), cx) {
                        Poll::Pending => {
                            self.open_if_wanted(cx);
                            return Poll::Pending;
                        }
                        Poll::Ready(frame) => self.respond(frame),
                    }
                }
            }
        }
    }

    fn answered(&mut self, response: Response<Body>) {
        let (parts, body) = response.into_parts();
        match block::status_of(&parts.headers) {
            Some(status) => self.finish(&status),
            None => self.work = Work::Body(body),
        }
    }

    fn respond(&mut self, frame: Option<Result<http_body::Frame<Bytes>, Status>>) {
        match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.pass_on(data),
                Err(frame) => {
                    let status = frame.into_trailers().ok().as_ref().and_then(status_of_end);
                    self.finish(&status.unwrap_or_else(|| Status::internal("the response has no status")));
                }
            },
            Some(Err(_)) if self.call.is_reset_by_panic() => {
                self.reset(Reason::INTERNAL_ERROR);
                self.work = Work::Over;
            }
            Some(Err(status)) => self.finish(&status),
            None => self.finish(&Status::internal("the response has no status")),
        }
    }

    fn pass_on(&mut self, mut data: Bytes) {
        let limit = self.app.settings.max_send;
        let good = scan::within(&data, limit);
        if good < data.len() {
            let status = Status::resource_exhausted(format!("a response message is above the limit of {limit} bytes"));
            data.truncate(good);
            // the handler is done with: nothing of it can be sent any more
            self.call.set_ending(status.code());
            self.work = Work::Failed(status);
            if data.is_empty() {
                return;
            }
        }
        self.open();
        if let Side::Open(_, chunk) = &mut self.side {
            *chunk = Chunk { whole: data, sent: 0 };
        }
    }

    /// The handler has come to its end.
    fn finish(&mut self, status: &Status) {
        self.call.set_ending(status.code());
        self.work = Work::Over;
        if status.code() == Code::Ok {
            self.open();
        }
        self.end(status);
    }

    /// Moves response bytes into the window. Bytes are handed over only as far as they can leave, so trailers and resets never queue behind them.
    fn flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (stream, chunk) = match &mut self.side {
            Side::Open(stream, chunk) => (stream, chunk),
            Side::Unopened(_) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Side::Fresh(_) | Side::Held(_) | Side::Gone => return Poll::Ready(()),
        };
        while chunk.left() > 0 {
            stream.reserve_capacity(chunk.left());
            let capacity = stream.capacity();
            if capacity == 0 {
                match stream.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(_))) => continue,
                    // the loss of the stream is seen where losses are looked for
                    Poll::Ready(Some(Err(_)) | None) | Poll::Pending => return Poll::Pending,
                }
            }
            if stream.send_data(chunk.take(capacity), false).is_err() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn open_if_wanted(&mut self, cx: &mut Context<'_>) {
        if self.call.wants_headers() && self.app.policies.metadata.sends_headers_at_once() {
            self.open();
            if matches!(self.side, Side::Unopened(_)) {
                cx.waker().wake_by_ref();
            }
        }
    }

    /// Sends the headers, if they have not been sent.
    fn open(&mut self) {
        self.side = match std::mem::replace(&mut self.side, Side::Gone) {
            Side::Fresh(mut respond) => match respond.send_response(response(block::opening(&self.call, &self.app.policies)), false) {
                Ok(stream) => Side::Open(stream, Chunk::default()),
                Err(_) => Side::Unopened(respond),
            },
            side => side,
        };
    }

    /// Sends the status and lets the stream go. A stream that is gone already needs none, so errors of sending mean nothing here.
    fn end(&mut self, status: &Status) {
        let policies = &self.app.policies;
        let is_alone = policies.status.trailers_only() && !self.call.has_initial();
        if !is_alone {
            self.open();
        }
        let alone = matches!(self.side, Side::Fresh(_));
        let fields = block::ending(&self.call, &self.app.policies, status, alone);
        match &mut self.side {
            Side::Fresh(respond) => drop(respond.send_response(response(fields), true)),
            Side::Open(stream, _) => drop(stream.send_trailers(fields)),
            Side::Unopened(_) | Side::Held(_) | Side::Gone => {}
        }
        self.let_go();
    }

    fn reset(&mut self, reason: Reason) {
        match &mut self.side {
            Side::Fresh(respond) | Side::Unopened(respond) => respond.send_reset(reason),
            Side::Open(stream, _) | Side::Held(stream) => stream.send_reset(reason),
            Side::Gone => {}
        }
        self.let_go();
    }

    fn let_go(&mut self) {
        self.request.close(Over::Lost);
        self.side = Side::Gone;
    }

    fn is_within_message(&self) -> bool {
        matches!(&self.side, Side::Open(_, chunk) if chunk.is_within_message())
    }
}

impl Drop for CallTask {
    fn drop(&mut self) {
        self.work = Work::Over;
        self.let_go();
        self.app.calls.fetch_sub(1, Ordering::Relaxed);
        let was_last = self.shared.active.fetch_sub(1, Ordering::Relaxed) == 1;
        if self.call.breaks_connection() {
            self.shared.is_broken.store(true, Ordering::Relaxed);
        }
        if (was_last && self.shared.tells_idle) || self.call.breaks_connection() {
            self.shared.changed.notify_one();
        }
    }
}

impl Chunk {
    fn left(&self) -> usize {
        self.whole.len() - self.sent
    }

    fn take(&mut self, most: usize) -> Bytes {
        let end = self.whole.len().min(self.sent + most);
        let part = self.whole.slice(self.sent..end);
        self.sent = end;
        part
    }

    /// Some of a message has been sent and some has not. A chunk begins and ends with whole messages.
    fn is_within_message(&self) -> bool {
        let mut boundary = 0;
        while boundary < self.sent {
            let Some(&[_, a, b, c, d]) = self.whole.get(boundary..boundary + scan::PREFIX) else { return true };
            boundary += scan::PREFIX + u32::from_be_bytes([a, b, c, d]) as usize;
        }
        boundary != self.sent
    }
}

async fn stopped(mut stop: watch::Receiver<Stop>, is_watch: bool) {
    let least = if is_watch { Stop::Watches } else { Stop::All };
    if stop.wait_for(|stop| *stop >= least).await.is_err() {
        // the connection has gone without a word; the stream says so itself
        std::future::pending::<()>().await;
    }
}

fn response(fields: HeaderMap) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::OK;
    *response.headers_mut() = fields;
    response
}

/// The usual end is cheap.
fn status_of_end(block: &HeaderMap) -> Option<Status> {
    if block.len() == 1 && block.get(block::STATUS).is_some_and(|status| status == "0") {
        return Some(Status::ok(""));
    }
    block::status_of(block)
}

/// The method whose calls end when the server goes.
const WATCH: &str = "/grpc.health.v1.Health/Watch";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_knows_whether_it_was_cut_within_a_message() {
        let mut chunk = Chunk { whole: Bytes::from_static(&[0, 0, 0, 0, 1, 9, 0, 0, 0, 0, 0]), sent: 0 };
        let cuts: Vec<bool> = (0..=11)
            .map(|sent| {
                chunk.sent = sent;
                chunk.is_within_message()
            })
            .collect();
        let whole = [0, 6, 11];
        assert_eq!(cuts, (0..=11).map(|sent| !whole.contains(&sent)).collect::<Vec<_>>());
    }
}
