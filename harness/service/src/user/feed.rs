//! A response stream written as plain async code: the code sends, the stream gives, and dropping the stream drops the code.
//!
//! tonic gathers messages that are ready one after the other into one write, and a panic would take them with it. So a panic waits until they have been taken.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::Stream;
use tonic::Status;

use crate::interceptor::recovery::Postponed;

/// The stream.
pub(crate) struct Feed<T> {
    code: Option<Code>,
    slot: Slot<T>,
    panic: Mutex<Option<Postponed>>,
}

type Code = Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;

/// The code's end of it.
pub(crate) struct Outbound<T>(Slot<T>);

type Slot<T> = Arc<Mutex<Option<T>>>;

impl<T: Send + 'static> Feed<T> {
    pub(crate) fn new<F>(code: impl FnOnce(Outbound<T>) -> F) -> Self
    where
        F: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let slot = Slot::default();
        Self { code: Some(Box::pin(code(Outbound(slot.clone())))), slot, panic: Mutex::default() }
    }
}

impl<T> Outbound<T> {
    /// Hands over a message and waits until it has been taken.
    pub(crate) async fn send(&self, message: T) {
        *lock(&self.0) = Some(message);
        // the stream polls the code again only when it wants the next message
        std::future::poll_fn(|_| if lock(&self.0).is_none() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl<T> Stream for Feed<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(panic) = lock(&self.panic).take() {
            panic.resume();
        }
        let Some(code) = &mut self.code else { return Poll::Ready(None) };
        let end = match Postponed::catch(|| code.as_mut().poll(cx)) {
            Ok(end) => end,
            Err(panic) => {
                self.code = None;
                *lock(&self.panic) = Some(panic);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        if let Some(message) = lock(&self.slot).take() {
            return Poll::Ready(Some(Ok(message)));
        }
        match end {
            Poll::Pending => Poll::Pending,
            Poll::Ready(end) => {
                self.code = None;
                Poll::Ready(end.err().map(Err))
            }
        }
    }
}

impl<T> fmt::Debug for Feed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

fn lock<T>(slot: &Mutex<Option<T>>) -> std::sync::MutexGuard<'_, Option<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn messages_come_one_after_the_other_and_then_the_error() {
        let feed = Feed::new(|outbound| async move {
            outbound.send(1).await;
            outbound.send(2).await;
            Err(Status::not_found("x"))
        });
        let items: Vec<_> = feed.map(|item| item.map_err(|status| status.code())).collect().await;
        assert_eq!(items, [Ok(1), Ok(2), Err(tonic::Code::NotFound)]);
    }
}
