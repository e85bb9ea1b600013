//! What a deadline is, when it holds and how its end looks.

use std::fmt::Debug;
use std::time::Duration;

use tonic::Code;

use crate::grpc::timeout::{self, MalformedTimeout};

/// The part of a call in which its deadline passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No response headers yet.
    Handler,
    /// The response has begun.
    Response,
}

/// How a call ends that ran out of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// By a status of this code; in the middle of a message by RST_STREAM(CANCEL).
    Status(Code),
    /// By RST_STREAM with this error code.
    Reset(u32),
    /// Not at all: the stream stays as it is.
    Silence,
}

/// Decisions about deadlines.
pub trait DeadlinePolicy: Debug + Send + Sync {
    /// The time that the values of `grpc-timeout` announce.
    fn read(&self, values: &[&[u8]]) -> Result<Option<Duration>, MalformedTimeout> {
        timeout::read(values)
    }

    /// What holds of the caller's limit and the server's own.
    fn limit(&self, asked: Option<Duration>, own: Option<Duration>) -> Option<Duration> {
        match (asked, own) {
            (Some(asked), Some(own)) => Some(asked.min(own)),
            (asked, own) => asked.or(own),
        }
    }

    /// The clock starts when the handler starts, not when the headers arrived.
    fn starts_with_handler(&self) -> bool {
        false
    }

    /// The deadline is enforced in this stage of a call to `path`.
    fn holds(&self, _path: &str, _stage: Stage) -> bool {
        true
    }

    /// The handler is dropped when the deadline passes.
    fn drops_handler(&self, _path: &str) -> bool {
        true
    }

    /// How the caller is told.
    fn answer(&self) -> Expiry {
        Expiry::Status(Code::DeadlineExceeded)
    }

    /// What a handler is told that remains of `asked`.
    fn shown(&self, remaining: Duration, _asked: Duration) -> Duration {
        remaining
    }

    /// What a waiting request stream shows when the deadline passes and the handler lives on: its end, not an error.
    fn ends_input(&self) -> bool {
        false
    }
}
