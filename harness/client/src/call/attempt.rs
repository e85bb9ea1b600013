//! One attempt: a stream from its opening to its end.

use std::sync::Arc;

use bytes::Bytes;
use h2::SendStream;

use crate::call::cell::CallCell;
use crate::call::reader::Reader;
use crate::call::sender::Sender;
use crate::connection::Slot;
use crate::outcome::{AttemptEnd, EndClass};
use crate::policy::{CancelRules, WhyAbandoned};

/// A stream in use. Dropping it before its end leaves it as [`CancelRules::abandon`] says.
pub(crate) struct Attempt {
    stream: Option<SendStream<Bytes>>,
    sender: Sender,
    reader: Reader,
    cell: Arc<CallCell>,
    rules: Arc<dyn CancelRules>,
    over: bool,
    // last: the slot is free when the stream has been left
    _slot: Slot,
}

impl Attempt {
    pub(crate) fn new(stream: SendStream<Bytes>, reader: Reader, cell: Arc<CallCell>, rules: Arc<dyn CancelRules>, slot: Slot) -> Self {
        let sender = Sender::new(cell.attempt_begins());
        Self { stream: Some(stream), sender, reader, cell, rules, over: false, _slot: slot }
    }

    /// Moves both halves until the response is over.
    pub(crate) async fn run(mut self) -> AttemptEnd {
        let end = std::future::poll_fn(|cx| {
            if let Some(stream) = &mut self.stream {
                self.sender.poll(cx, stream, &self.cell);
            }
            self.reader.poll(cx)
        })
        .await;
        self.over = true;
        self.leave(&end);
        end
    }

    /// Resets the stream unless both sides ended it.
    fn leave(&mut self, end: &AttemptEnd) {
        let Some(stream) = self.stream.take() else {
            return;
        };
        match end.class {
            EndClass::Answered if self.sender.done() && end.from_peer => {}
            EndClass::Answered if end.from_peer => {
                self.rules.abandon(WhyAbandoned::ResponseOver, stream);
            }
            EndClass::Answered | EndClass::Local => {
                self.rules.abandon(WhyAbandoned::Unusable, stream);
            }
            // the stream is gone already
            _ => {}
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take().filter(|_| !self.over) else {
            return;
        };
        let why = if self.cell.stopped() { WhyAbandoned::Cancelled } else { WhyAbandoned::Expired };
        self.rules.abandon(why, stream);
    }
}
