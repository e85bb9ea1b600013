//! One HTTP/2 connection, on h2's client.
//!
//! - [`Connection`]: what calls see of it: stream slots, and whether it takes new ones
//! - `driver`: the future that moves it
//! - `dial`: from an address to a driven connection, with the limits that h2 is given
//! - `keepalive`: PINGs after silence (gRFC A8)
//! - `pulse`: notes when something was read
//!
//! h2 queues a call beyond the peer's MAX_CONCURRENT_STREAMS and still sends its HEADERS if it was cancelled meanwhile, so slots are counted here
//! and h2 only gets calls which open at once.

mod dial;
mod driver;
mod keepalive;
mod pulse;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use http::Request;
use tokio::sync::oneshot;

pub(crate) use dial::{Dial, DialReport};

/// A connection as calls see it.
pub(crate) struct Connection {
    address: SocketAddr,
    sender: Mutex<SendRequest<Bytes>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    open: usize,
    limit: usize,
    waiting: VecDeque<oneshot::Sender<Slot>>,
    carried: bool,
    draining: bool,
    why: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// No SETTINGS yet.
    #[default]
    Starting,
    /// Takes calls.
    Ready,
    /// Takes no new calls.
    Retired,
}

/// The right to one open stream; dropping it gives it to the next in line.
pub(crate) struct Slot(Arc<Connection>);

/// Why a stream could not be opened.
pub(crate) enum OpenError {
    /// The connection takes no more streams; nothing was sent.
    Gone,
    /// h2 finds fault with the request itself.
    BadRequest(String),
}

impl Connection {
    fn new(address: SocketAddr, sender: SendRequest<Bytes>) -> Self {
        Self { address, sender: Mutex::new(sender), state: Mutex::default() }
    }

    /// The backend.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether new calls may be given to it.
    pub(crate) fn usable(&self) -> bool {
        self.state().phase == Phase::Ready
    }

    /// Whether a GOAWAY came.
    pub(crate) fn draining(&self) -> bool {
        self.state().draining
    }

    /// Whether a stream was ever opened on it.
    pub(crate) fn carried(&self) -> bool {
        self.state().carried
    }

    /// Why it ended, for messages.
    pub(crate) fn why(&self) -> String {
        let state = self.state();
        match state.why.is_empty() {
            true => format!("the connection to {} was lost", self.address),
            false => format!("the connection to {} was lost: {}", self.address, state.why),
        }
    }

    /// Waits, in order of arrival, until a stream may be opened. `None`: the connection takes no new calls any more.
    pub(crate) async fn slot(self: &Arc<Self>) -> Option<Slot> {
        let waiting = {
            let mut state = self.state();
            match state.phase {
                Phase::Ready if state.open < state.limit => {
                    state.open += 1;
                    return Some(Slot(self.clone()));
                }
                Phase::Ready => {
                    let (sender, receiver) = oneshot::channel();
                    state.waiting.push_back(sender);
                    receiver
                }
                _ => return None,
            }
        };
        waiting.await.ok()
    }

    /// Opens a stream at once.
    pub(crate) fn open(&self, request: Request<()>, end: bool) -> Result<(ResponseFuture, SendStream<Bytes>), OpenError> {
        // near the limit h2 remembers, in the object used, a stream that waits to be opened; elsewhere one object does for all
        let roomy = {
            let state = self.state();
            state.limit.saturating_sub(state.open) > ROOMY
        };
        let opened = {
            let mut sender = self.sender();
            if roomy { sender.send_request(request, end) } else { sender.clone().send_request(request, end) }
        };
        match opened {
            Ok(stream) => {
                self.state().carried = true;
                Ok(stream)
            }
            Err(error) if error.is_go_away() || error.is_io() => {
                self.retire(error.is_go_away(), &error.to_string());
                Err(OpenError::Gone)
            }
            Err(error) if self.exhausted() => {
                self.retire(false, &error.to_string());
                Err(OpenError::Gone)
            }
            Err(error) => Err(OpenError::BadRequest(error.to_string())),
        }
    }

    /// Whether it ran out of stream identifiers (or has failed).
    fn exhausted(&self) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        matches!(self.sender().clone().poll_ready(&mut context), std::task::Poll::Ready(Err(_)))
    }

    /// The peer's SETTINGS allow so many streams. True the first time.
    fn allow(self: &Arc<Self>, limit: usize) -> bool {
        let mut state = self.state();
        let first = state.phase == Phase::Starting;
        if first {
            state.phase = Phase::Ready;
        }
        let raised = limit > state.limit;
        state.limit = limit;
        drop(state);
        if raised {
            self.hand_on();
        }
        first
    }

    /// Takes no new calls from now on; those in line look elsewhere. True the first time.
    fn retire(&self, draining: bool, why: &str) -> bool {
        let mut state = self.state();
        let first = state.phase != Phase::Retired;
        state.phase = Phase::Retired;
        state.draining |= draining;
        if state.why.is_empty() {
            why.clone_into(&mut state.why);
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
        first
    }

    fn open_streams(&self) -> usize {
        self.state().open
    }

    /// Gives free slots to those in line.
    fn hand_on(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                if state.open >= state.limit || state.phase != Phase::Ready {
                    return;
                }
                let Some(next) = state.waiting.pop_front() else {
                    return;
                };
                state.open += 1;
                next
            };
            // one who has left gives the slot back by dropping it, which hands it on
            if next.send(Slot(self.clone())).is_err() {
                return;
            }
        }
    }

    fn sender(&self) -> MutexGuard<'_, SendRequest<Bytes>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.state().open -= 1;
        self.0.hand_on();
    }
}

/// So far from the stream limit no stream waits inside h2.
const ROOMY: usize = 64;
