//! The request body, message by message.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use http_body::Body as _;
use tonic::body::Body;

use crate::call::{CallHandle, Frames};

/// Takes messages out of a request body.
pub(crate) struct Requests {
    body: Body,
    frames: Frames,
}

/// A request body that is none.
pub(crate) struct Broken(pub(crate) String);

impl Requests {
    pub(crate) fn new(body: Body) -> Self {
        Self { body, frames: Frames::new(usize::MAX) }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            if self.frames.check().map_err(|(_, problem)| Broken(problem))? {
                return Ok(Some(self.frames.take()));
            }
            let frame = std::future::poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await;
            match frame {
                Some(Ok(frame)) => frame.into_data().into_iter().for_each(|data| self.frames.push(data)),
                Some(Err(status)) => return Err(Broken(status.message().to_owned())),
                None if self.frames.partial() => {
                    return Err(Broken("the request ended inside a message".into()));
                }
                None => return Ok(None),
            }
        }
    }

    /// Sends all messages, until the body or the call ends.
    pub(crate) async fn pump(mut self, handle: CallHandle) {
        let feed = async {
            loop {
                match self.next().await {
                    Ok(Some(message)) => {
                        if handle.send(message).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => return handle.half_close(),
                    Err(_) => return handle.cancel(),
                }
            }
        };
        let (mut feed, mut over) = (pin!(feed), pin!(handle.over()));
        std::future::poll_fn(|cx| match over.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => feed.as_mut().poll(cx),
        })
        .await;
    }
}
