//! Is an attempt retried, and what counts (gRFC A6).

use std::fmt::Debug;

use tonic::Code;

use crate::config::RetryPolicy;
use crate::options::CallKind;
use crate::outcome::{AttemptEnd, EndClass, Pushback};
use crate::policy::Standard;

/// What may commit a call to its running attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Response headers arrived.
    Headers,
    /// A response message arrived.
    Message,
    /// The request no longer fits the retry buffer.
    Overflow,
}

/// What a call has behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Attempts that count, ended.
    pub counted: u32,
    /// Streams opened, transparent repeats included.
    pub streams: u32,
    /// Transparent repeats of attempts that the peer saw.
    pub transparent: u32,
}

/// Decisions about retries. `retryable` and `transparent` see every end of an attempt.
pub trait RetryRules: Debug + Send + Sync {
    /// The policy in force for a call.
    fn policy_for(&self, kind: CallKind, configured: Option<&RetryPolicy>) -> Option<RetryPolicy> {
        let _ = kind;
        configured.cloned()
    }

    /// Whether the status of this end may be retried.
    fn retryable(&self, policy: &RetryPolicy, end: &AttemptEnd) -> bool {
        policy.codes.contains(&(end.outcome.code as i32))
    }

    /// Whether another attempt fits `maxAttempts`; `made.counted` includes the attempt that just ended.
    fn attempts_left(&self, policy: &RetryPolicy, made: Made) -> bool {
        made.counted < policy.max_attempts
    }

    /// Whether `moment` commits the call.
    fn commits(&self, moment: Commit) -> bool {
        matches!(moment, Commit::Headers | Commit::Overflow)
    }

    /// Whether a committed call, or one that ended here, may still be retried.
    fn retries_when(&self, end: &AttemptEnd, committed: bool) -> bool {
        !committed && !matches!(end.class, EndClass::Expired | EndClass::Cancelled | EndClass::Local)
    }

    /// Whether the attempt is repeated at once, uncounted, without any policy: always if it never left, once if the peer refused it.
    fn transparent(&self, end: &AttemptEnd, made: Made) -> bool {
        match end.class {
            EndClass::NeverOpened => true,
            EndClass::Refused | EndClass::AboveGoaway => made.transparent == 0,
            _ => false,
        }
    }

    /// Whether a transparent repeat uses up one of `maxAttempts`, and the throttle.
    fn transparent_counts(&self) -> bool {
        false
    }

    /// The value of `grpc-previous-rpc-attempts`.
    fn attempts_header(&self, made: Made) -> Option<u32> {
        (made.counted > 0).then_some(made.counted)
    }

    /// The outcome shown when attempts before it had failed as well.
    fn shown(&self, earlier: Option<&AttemptEnd>, last: AttemptEnd) -> AttemptEnd {
        let _ = earlier;
        last
    }

    /// Whether so many bytes of messages are kept for a replay.
    fn buffers(&self, bytes: usize, limit: usize) -> bool {
        bytes <= limit
    }

    /// Whether a message beyond the buffer fails the call instead of committing it.
    fn overflow_fails(&self) -> Option<Code> {
        None
    }

    /// The first message that a later attempt sends again, of `passed` that the attempt before it had been given.
    fn replay_from(&self, passed: u64) -> u64 {
        let _ = passed;
        0
    }

    /// Whether a failed attempt takes a token: a status that is retryable under the call's policy, or a stopping pushback.
    fn takes_token(&self, retryable: bool, end: &AttemptEnd) -> bool {
        retryable || end.pushback == Pushback::Stop
    }

    /// Whether retries are held back at this count (both in thousandths of a token).
    fn throttled(&self, tokens: i64, max: i64) -> bool {
        tokens * 2 <= max
    }

    /// The count after a failure.
    fn after_failure(&self, tokens: i64) -> i64 {
        (tokens - 1000).max(0)
    }

    /// The count after a call ended OK.
    fn after_success(&self, tokens: i64, ratio: i64, max: i64) -> i64 {
        (tokens + ratio).min(max)
    }
}

impl RetryRules for Standard {}
