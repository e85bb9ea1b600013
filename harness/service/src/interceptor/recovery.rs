//! A panic in a handler, before or while its response streams, becomes a status; its message and stack go to the log only.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;
use tower::Service;
use tower::layer::{LayerFn, layer_fn};

use crate::app::App;
use crate::call::Call;
use crate::interceptor::{self, Inner, Reply, Request, Response};

/// The layer.
pub(crate) fn layer<S>(app: Arc<App>) -> LayerFn<impl Fn(S) -> Recovery<S> + Clone> {
    install_hook();
    layer_fn(move |inner| Recovery { app: app.clone(), inner })
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Recovery<S> {
    app: Arc<App>,
    inner: S,
}

impl<S: Inner> Service<Request> for Recovery<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Reply;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Reply {
        let guard = Guard { app: self.app.clone(), call: interceptor::call(&request) };
        let mut inner = self.inner.clone();
        let mut reply = None;
        let mut request = Some(request);
        Box::pin(std::future::poll_fn(move |cx| {
            let caught = catch(guard.app.panic_stacks, || {
                if let Some(request) = request.take() {
                    reply = Some(inner.call(request));
                }
                reply.as_mut().map_or(Poll::Pending, |reply| reply.as_mut().poll(cx))
            });
            match caught {
                Ok(Poll::Ready(Ok(response))) => Poll::Ready(Ok(guard.clone().watch(response))),
                Ok(polled) => polled,
                Err(panicked) => {
                    reply = None;
                    Poll::Ready(Ok(guard.recover(panicked).into_http()))
                }
            }
        }))
    }
}

#[derive(Clone, Debug)]
struct Guard {
    app: Arc<App>,
    call: Arc<Call>,
}

impl Guard {
    fn recover(&self, panicked: Panicked) -> Status {
        self.app.log_error(&self.call, &panicked.text, panicked.stack);
        if !self.app.policies.panic.contained() {
            self.call.break_connection();
        }
        self.app.policies.panic.answer(&panicked.text)
    }

    fn watch(self, response: Response) -> Response {
        response.map(|body| Body::new(GuardedBody { body: Some(body), guard: self }))
    }
}

struct GuardedBody {
    body: Option<Body>,
    guard: Guard,
}

impl http_body::Body for GuardedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        match catch(this.guard.app.panic_stacks, || Pin::new(body).poll_frame(cx)) {
            Ok(polled) => polled,
            Err(panicked) => {
                this.body = None;
                let status = this.guard.recover(panicked);
                if !this.guard.app.policies.panic.guards_stream() {
                    this.guard.call.reset_by_panic();
                }
                Poll::Ready(Some(Err(status)))
            }
        }
    }
}

/// A panic that goes on later.
pub(crate) struct Postponed {
    payload: Box<dyn Any + Send>,
    stack: Option<String>,
}

impl Postponed {
    /// Does `work`, and catches its panic.
    pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Self> {
        panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Self { payload, stack: STACK.take() })
    }

    /// Panics as before.
    pub(crate) fn resume(self) -> ! {
        STACK.set(self.stack);
        panic::resume_unwind(self.payload)
    }
}

/// A panic that was caught.
#[derive(Debug)]
struct Panicked {
    text: String,
    stack: Option<String>,
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static STACKS: Cell<bool> = const { Cell::new(false) };
    static STACK: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn catch<T>(stacks: bool, work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = (CATCHING.replace(true), STACKS.replace(stacks));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(before.0);
    STACKS.set(before.1);
    result.map_err(|payload| Panicked { text: text(&*payload), stack: STACK.take() })
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without text").to_owned()
}

/// Keeps the panics that are caught here off standard error, and remembers where they came from. Every other panic is left to the hook before.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| if CATCHING.get() { remember(info) } else { before(info) }));
    });
}

fn remember(info: &PanicHookInfo<'_>) {
    if STACKS.get() {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        STACK.set(Some(format!("{place}\n{}", Backtrace::force_capture())));
    }
}
