//! Keepalive (gRFC A8): a PING after silence, and the end of the connection if silence goes on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use h2::{Ping, PingPong};
use proofmark_transport::clock::{Instant, Sleep, now, sleep_until};

use crate::connection::pulse::Pulse;
use crate::options::Keepalive;

/// Watches one connection.
pub(crate) struct Watch {
    settings: Keepalive,
    pulse: Arc<Pulse>,
    ping_pong: PingPong,
    /// A PING of ours has no ack yet; h2 allows one at a time.
    unanswered: bool,
    /// Since when silence counts towards the timeout.
    suspect_since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Watch {
    pub(crate) fn new(settings: Keepalive, pulse: Arc<Pulse>, ping_pong: PingPong) -> Self {
        let timer = Box::pin(sleep_until(now() + settings.time));
        Self { settings, pulse, ping_pong, unanswered: false, suspect_since: None, timer }
    }

    /// Ready when the connection counts as dead. `calls`: whether any call is open on it.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, calls: bool) -> Poll<()> {
        if self.unanswered && self.ping_pong.poll_pong(cx).is_ready() {
            self.unanswered = false;
        }
        loop {
            let (now, last) = (now(), self.pulse.last());
            // any byte counts, not only the ack; at equal times the PING came after the byte
            self.suspect_since = self.suspect_since.filter(|since| last <= *since && (self.unanswered || last < *since));
            let due = match self.suspect_since {
                Some(since) => since + self.settings.timeout,
                None if !calls && !self.settings.without_calls => return Poll::Pending,
                None => last + self.settings.time,
            };
            if now >= due {
                if self.suspect_since.is_some() {
                    return Poll::Ready(());
                }
                self.suspect_since = Some(now);
                self.unanswered |= self.ping_pong.send_ping(Ping::opaque()).is_ok();
                continue;
            }
            if self.timer.deadline() != due {
                self.timer.as_mut().reset(due);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

use std::future::Future;
