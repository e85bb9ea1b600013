//! A request stream that tells the hooks how it ended.

use tonic::{Status, Streaming};

use crate::hooks::RunLines;

/// The messages of a caller.
#[derive(Debug)]
pub(crate) struct Inbound<T> {
    stream: Streaming<T>,
    lines: RunLines,
    messages: usize,
    is_over: bool,
}

impl<T> Inbound<T> {
    pub(crate) fn new(stream: Streaming<T>, lines: RunLines) -> Self {
        Self { stream, lines, messages: 0, is_over: false }
    }

    /// The next message; nothing at the end of input. Anything but a clean end is an error.
    pub(crate) async fn next(&mut self) -> Result<Option<T>, Status> {
        if self.is_over {
            return Ok(None);
        }
        let next = self.stream.message().await;
        match &next {
            Ok(Some(_)) => self.messages += 1,
            end => {
                self.is_over = true;
                self.lines.read(self.messages, end.is_ok());
            }
        }
        next
    }
}
