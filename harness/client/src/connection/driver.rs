//! The future that moves a connection.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::SendRequest;

use crate::connection::Connection;
use crate::connection::keepalive::Watch;
use crate::connection::pulse::PulsedLink;
use crate::policy::ConnectionRules;

/// What a driver has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The peer's SETTINGS arrived.
    Ready,
    /// A GOAWAY arrived.
    Draining,
    /// It is over; the connection knows why.
    Ended,
}

/// Drives h2's connection and looks, after each turn, at what changed. It is polled for the next [`Progress`].
pub(crate) struct Driver {
    h2: Option<h2::client::Connection<PulsedLink, Bytes>>,
    sender: SendRequest<Bytes>,
    connection: Arc<Connection>,
    watch: Option<Watch>,
    rules: Arc<dyn ConnectionRules>,
    goaway_seen: bool,
}

impl Driver {
    pub(crate) fn new(
        h2: h2::client::Connection<PulsedLink, Bytes>,
        sender: SendRequest<Bytes>,
        connection: Arc<Connection>,
        watch: Option<Watch>,
        rules: Arc<dyn ConnectionRules>,
    ) -> Self {
        Self { h2: Some(h2), sender, connection, watch, rules, goaway_seen: false }
    }

    /// Waits for the next change.
    pub(crate) async fn next(&mut self) -> Progress {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        let Some(h2) = self.h2.as_mut() else {
            return Poll::Ready(Progress::Ended);
        };
        if let Poll::Ready(ended) = Pin::new(h2).poll(cx) {
            let why = ended.err().map_or_else(|| "the peer closed it".to_owned(), |error| error.to_string());
            return Poll::Ready(self.end(&why));
        }
        let limit = self.sender.current_max_send_streams();
        if limit != NO_SETTINGS_YET && self.connection.allow(self.rules.stream_limit(limit)) {
            // the waker must be registered for what comes next
            cx.waker().wake_by_ref();
            return Poll::Ready(Progress::Ready);
        }
        if let (false, Poll::Ready(Err(error))) = (self.goaway_seen, self.sender.poll_ready(cx)) {
            self.goaway_seen = true;
            self.connection.retire(error.is_go_away(), &error.to_string());
            if self.rules.goaway_closes() {
                return Poll::Ready(self.end(&error.to_string()));
            }
            cx.waker().wake_by_ref();
            return Poll::Ready(Progress::Draining);
        }
        let calls = self.connection.open_streams() > 0;
        match self.watch.as_mut().map(|watch| watch.poll(cx, calls)) {
            Some(Poll::Ready(())) => Poll::Ready(self.end("keepalive timed out")),
            _ => Poll::Pending,
        }
    }

    fn end(&mut self, why: &str) -> Progress {
        self.connection.retire(false, why);
        // this tells all streams, which then find the reason in the connection
        self.h2 = None;
        Progress::Ended
    }
}

/// What h2 is told to allow before SETTINGS arrive: no SETTINGS can say this (they have 32 bits, and their absence is `usize::MAX`).
pub(crate) const NO_SETTINGS_YET: usize = usize::MAX - 1;
