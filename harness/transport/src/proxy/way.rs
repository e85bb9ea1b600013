//! What is under way in one direction of a connection.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};

use crate::clock::{Instant, Sleep, sleep_until};

/// One direction: bytes that were read and not yet sent, and how its two sides stand.
#[derive(Debug)]
pub(super) struct Way {
    queue: VecDeque<Chunk>,
    held: usize,
    last_due: Instant,
    tail: Option<(Tail, Instant)>,
    /// Whether more may come from the sender.
    pub(super) reading: bool,
    /// How the receiver's side stands.
    pub(super) sink: Sink,
    /// When there is something to do, if nothing happens before.
    pub(super) wake: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
struct Chunk {
    bytes: BytesMut,
    due: Instant,
}

/// How a sender's stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// In order.
    Fin,
    /// By reset.
    Rst,
}

/// The receiver's side of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    /// Bytes pass.
    Open,
    /// A FIN is being sent; what is read is lost.
    Closing,
    /// A FIN was sent, or the receiver is gone; what is read is lost.
    Closed,
}

/// What comes next in a direction.
#[derive(Debug)]
pub(super) enum Next<'a> {
    /// Nothing.
    Nothing,
    /// Something, which is not due before then.
    Later(Instant),
    /// Bytes, due since then.
    Bytes(&'a mut [u8], Instant),
    /// The end, due since then.
    End(Tail, Instant),
}

impl Way {
    pub(super) fn new(now: Instant) -> Self {
        Self { queue: VecDeque::new(), held: 0, last_due: now, tail: None, reading: true, sink: Sink::Open, wake: None, timer: None }
    }

    /// Whether what is read is lost.
    pub(super) fn discards(&self) -> bool {
        self.sink != Sink::Open
    }

    /// Whether neither side has anything more to do.
    pub(super) fn is_over(&self) -> bool {
        self.sink == Sink::Closed && !self.reading
    }

    /// Whether there is room for more bytes. What is not due yet is on the line, as long as that may be; what is due and cannot pass
    /// is in a buffer, which is small.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        let blocked = self.queue.front().is_some_and(|front| front.due <= now);
        self.held < if blocked { BUFFER } else { LINE }
    }

    /// Bytes were read.
    pub(super) fn push(&mut self, bytes: &[u8], now: Instant, delay: Duration) {
        self.held += bytes.len();
        let due = self.due(now, delay);
        self.queue.push_back(Chunk { bytes: BytesMut::from(bytes), due });
    }

    /// The end was read.
    pub(super) fn push_end(&mut self, tail: Tail, now: Instant, delay: Duration) {
        self.reading = false;
        self.tail = Some((tail, self.due(now, delay)));
    }

    fn due(&mut self, now: Instant, delay: Duration) -> Instant {
        self.last_due = self.last_due.max(now + delay);
        self.last_due
    }

    /// What comes next.
    pub(super) fn next(&mut self, now: Instant) -> Next<'_> {
        match (self.queue.front_mut(), self.tail) {
            (Some(front), _) if front.due > now => Next::Later(front.due),
            (Some(front), _) => Next::Bytes(&mut front.bytes, front.due),
            (None, Some((_, due))) if due > now => Next::Later(due),
            (None, Some((tail, due))) => Next::End(tail, due),
            (None, None) => Next::Nothing,
        }
    }

    /// Bytes were sent.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.held -= bytes;
        if let Some(front) = self.queue.front_mut() {
            front.bytes.advance(bytes);
            if front.bytes.is_empty() {
                self.queue.pop_front();
            }
        }
    }

    /// Nothing more shall arrive: what is under way is lost.
    pub(super) fn end(&mut self, sink: Sink) {
        self.queue.clear();
        self.held = 0;
        self.tail = None;
        self.sink = sink;
    }

    /// Ready when the time to wake has come.
    pub(super) fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(wake) = self.wake else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(wake)));
        if timer.deadline() != wake {
            timer.as_mut().reset(wake);
        }
        timer.as_mut().poll(cx)
    }
}

/// What a direction buffers, about as much as a router would.
const BUFFER: usize = 64 * 1024;
/// What can be on the line: a second of 32 Mbit/s.
const LINE: usize = 4 * 1024 * 1024;
