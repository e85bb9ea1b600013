//! One call, from its start to its one outcome.
//!
//! - [`CallHandle`], [`CallEvents`]: the application's two ends
//! - `cell`: what they share with the call's task: messages on their way out, events on their way in, cancel
//! - `run`: the task: cancel, deadline, attempts
//! - `attempt`: one stream
//! - `request`: what every attempt of a call sends in its headers
//! - `sender`, `reader`: the two halves of a stream
//! - `frames`: gRPC's message framing

mod attempt;
mod cell;
mod frames;
mod reader;
pub(crate) mod request;
mod run;
mod sender;

use std::sync::Arc;

use bytes::Bytes;

use crate::channel::Alive;
use crate::metadata::Metadata;
use crate::outcome::Outcome;

pub(crate) use cell::{CallCell, CellLimits};
pub(crate) use frames::{Frames, framed};
pub(crate) use run::{CallRun, Jitter, Progress};

/// What the application learns of a call, in order; [`CallEvent::Ended`] comes last and exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEvent {
    /// Response headers arrived; their metadata may be empty. A trailers-only response has none.
    Headers(Metadata),
    /// A response message. Of a response that has one, only when it succeeded.
    Message(Bytes),
    /// The end.
    Ended(Outcome),
}

/// The call is over: nothing more is sent on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call is over")]
pub struct CallOver;

/// The application's sending end of a call. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct CallHandle {
    cell: Arc<CallCell>,
    _alive: Arc<Alive>,
}

impl CallHandle {
    pub(crate) fn new(cell: Arc<CallCell>, alive: Arc<Alive>) -> Self {
        Self { cell, _alive: alive }
    }

    /// Sends a message. Returns when it was taken and another would be.
    ///
    /// # Errors
    ///
    /// The call is over, or its requests were ended before. A message above the send limit ends the call.
    pub async fn send(&self, message: Bytes) -> Result<(), CallOver> {
        self.cell.push(&message)?;
        std::future::poll_fn(|cx| self.cell.poll_room(cx)).await
    }

    /// Ends the requests, behind all messages sent so far.
    pub fn half_close(&self) {
        self.cell.half_close();
    }

    /// Ends the call with CANCELLED. Without effect on one that has ended.
    pub fn cancel(&self) {
        self.cell.cancel();
    }

    /// Asks for so many messages more, where they are read on demand.
    pub fn read(&self, count: u64) {
        self.cell.demand(count);
    }

    /// Reads everything from now on, as it comes.
    pub fn read_all(&self) {
        self.cell.read_automatically();
    }

    /// Waits until the call is over.
    pub async fn over(&self) {
        std::future::poll_fn(|cx| self.cell.poll_over(cx)).await;
    }
}

/// The application's receiving end of a call. Dropping it cancels the call.
#[derive(Debug)]
pub struct CallEvents {
    cell: Arc<CallCell>,
    _alive: Arc<Alive>,
}

impl CallEvents {
    pub(crate) fn new(cell: Arc<CallCell>, alive: Arc<Alive>) -> Self {
        Self { cell, _alive: alive }
    }

    /// The next event; `None` behind [`CallEvent::Ended`]. Cancel safe.
    pub async fn next(&mut self) -> Option<CallEvent> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next event, polled.
    pub fn poll_next(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<CallEvent>> {
        self.cell.poll_event(cx)
    }
}

impl Drop for CallEvents {
    fn drop(&mut self) {
        self.cell.cancel();
    }
}
