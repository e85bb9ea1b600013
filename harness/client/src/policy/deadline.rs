//! Deadlines: how long, what the peer is told, when they are enforced.

use std::fmt::Debug;
use std::time::Duration;

use proofmark_transport::clock::Instant;
use tonic::Code;

use crate::policy::Standard;

/// When things happened in a call that has a deadline.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineFacts {
    /// When the call was started.
    pub started: Instant,
    /// Its effective timeout.
    pub timeout: Duration,
    /// When the running attempt was started, before it had a connection; absent while a retry of an expired one is waited for.
    pub attempt_started: Option<Instant>,
    /// When the running attempt's headers were handed over; absent while it waits for a connection or a stream.
    pub opened: Option<Instant>,
    /// When the last request message was handed over completely.
    pub last_sent: Option<Instant>,
    /// When the response headers arrived.
    pub headers: Option<Instant>,
    /// When the last response message arrived.
    pub last_message: Option<Instant>,
    /// When the application ended its requests and all of them were handed over.
    pub half_closed: Option<Instant>,
}

/// Decisions about deadlines.
pub trait DeadlineRules: Debug + Send + Sync {
    /// The smaller of what the call and the service config say.
    fn effective(&self, call: Option<Duration>, config: Option<Duration>) -> Option<Duration> {
        match (call, config) {
            (Some(call), Some(config)) => Some(call.min(config)),
            (call, config) => call.or(config),
        }
    }

    /// When the call ends here: one instant for the whole call. `None`: never.
    fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
        facts.started.checked_add(facts.timeout)
    }

    /// What `grpc-timeout` says, of what remains when the headers are made.
    fn announced(&self, remaining: Duration, timeout: Duration) -> Option<Duration> {
        let _ = timeout;
        Some(remaining)
    }

    /// The value of `grpc-timeout`: the finest unit that needs no more than eight digits, rounded down, at least 1.
    fn encode(&self, timeout: Duration) -> String {
        let nanos = timeout.as_nanos();
        let (unit, letter) = UNITS.into_iter().find(|(unit, _)| nanos / unit <= MAX_VALUE).unwrap_or(UNITS[UNITS.len() - 1]);
        format!("{}{letter}", (nanos / unit).clamp(1, MAX_VALUE))
    }

    /// Code and message of a call that expired here.
    fn expired(&self) -> (Code, &'static str) {
        (Code::DeadlineExceeded, "the deadline passed")
    }

    /// What a CANCEL from the peer means when the deadline has passed already but was not acted upon: the deadline.
    fn late_cancel_is_expiry(&self) -> bool {
        true
    }
}

impl DeadlineRules for Standard {}

const MAX_VALUE: u128 = 99_999_999;

const UNITS: [(u128, char); 6] =
    [(1, 'n'), (1_000, 'u'), (1_000_000, 'm'), (1_000_000_000, 'S'), (60_000_000_000, 'M'), (3_600_000_000_000, 'H')];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Duration::ZERO, "1n")]
    #[case(Duration::from_nanos(1), "1n")]
    #[case(Duration::from_nanos(99_999_999), "99999999n")]
    #[case(Duration::from_millis(100), "100000u")]
    #[case(Duration::from_millis(300), "300000u")]
    #[case(Duration::from_secs(90), "90000000u")]
    #[case(Duration::from_secs(100), "100000m")]
    #[case(Duration::from_secs(100_000), "100000S")]
    #[case(Duration::from_secs(100_000_000), "1666666M")]
    #[case(Duration::MAX, "99999999H")]
    fn timeouts_are_written_with_at_most_eight_digits(#[case] timeout: Duration, #[case] expected: &str) {
        assert_eq!(Standard.encode(timeout), expected);
    }

    proptest! {
        #[test]
        fn encoded_timeouts_never_exceed_what_remains(nanos in 1_u64..) {
            let text = Standard.encode(Duration::from_nanos(nanos));
            let (digits, unit) = text.split_at(text.len() - 1);
            prop_assert!(digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit()));
            let (size, _) = UNITS.into_iter().find(|(_, letter)| unit.starts_with(*letter)).expect("a unit");
            let decoded = digits.parse::<u128>().expect("digits") * size;
            prop_assert!(decoded >= 1 && decoded <= u128::from(nanos));
            prop_assert!(decoded * 100 >= u128::from(nanos) * 95, "{text} for {nanos}");
        }
    }
}
