//! The request half of a stream.

use std::task::{Context, Poll};

use bytes::Bytes;
use h2::SendStream;
use proofmark_transport::clock::now;

use crate::call::cell::{CallCell, NextMessage};

/// Feeds a call's messages to one stream, as fast as its window allows.
pub(crate) struct Sender {
    next: u64,
    rest: Option<(Bytes, bool)>,
    /// Bytes that may still be handed over before there is any window for them.
    allowance: usize,
    done: bool,
}

impl Sender {
    pub(crate) fn new(from: u64) -> Self {
        Self { next: from, rest: None, allowance: ALLOWANCE, done: false }
    }

    /// Whether the request was ended.
    pub(crate) fn done(&self) -> bool {
        self.done
    }

    /// Sends what can be sent. A stream that takes nothing more is the reader's business.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, stream: &mut SendStream<Bytes>, cell: &CallCell) {
        while !self.done {
            let (rest, last) = match self.rest.take() {
                Some(rest) => rest,
                None => match cell.message(self.next) {
                    NextMessage::Message { framed, last } => (framed, last),
                    NextMessage::Wait => return,
                    NextMessage::End => {
                        self.done = true;
                        let _ = stream.send_data(Bytes::new(), true);
                        cell.facts(|facts| facts.half_closed = Some(now()));
                        return;
                    }
                },
            };
            if !self.send(cx, stream, rest, last, cell) {
                return;
            }
        }
    }

    /// False where the window is exhausted.
    fn send(&mut self, cx: &mut Context<'_>, stream: &mut SendStream<Bytes>, mut rest: Bytes, last: bool, cell: &CallCell) -> bool {
        let early = rest.len() <= self.allowance;
        if early {
            self.allowance -= rest.len();
        } else {
            self.allowance = 0;
            stream.reserve_capacity(rest.len());
        }
        while !rest.is_empty() {
            let room = if early { rest.len() } else { stream.capacity().min(rest.len()) };
            if room == 0 {
                match stream.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(_))) => continue,
                    Poll::Ready(_) => {
                        self.done = true;
                        return false;
                    }
                    Poll::Pending => {
                        self.rest = Some((rest, last));
                        return false;
                    }
                }
            }
            let part = rest.split_to(room);
            if stream.send_data(part, last && rest.is_empty()).is_err() {
                self.done = true;
                return false;
            }
        }
        self.next += 1;
        cell.passed(self.next);
        if last {
            self.done = true;
            cell.facts(|facts| facts.half_closed = Some(now()));
        }
        true
    }
}

/// h2 gives no window before it has written the headers. So much goes to it without, that a small request leaves in one write.
const ALLOWANCE: usize = 16 * 1024;
