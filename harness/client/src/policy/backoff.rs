//! When a retry starts (gRFC A6, 'Exponential Backoff' and 'Pushback').

use std::fmt::Debug;
use std::time::Duration;

use proofmark_transport::Chance;
use proofmark_transport::clock::Instant;

use crate::config::RetryPolicy;
use crate::outcome::Pushback;
use crate::policy::Standard;

/// Decisions about the wait before a retry.
pub trait BackoffRules: Debug + Send + Sync {
    /// The wait before jitter for the `retry`-th retry since backoff (re)started, counted from 1. `before` is the wait really made last.
    fn nominal(&self, policy: &RetryPolicy, retry: u32, before: Option<Duration>) -> Duration {
        let _ = before;
        let exponent = i32::try_from(retry.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = policy.initial_backoff.as_secs_f64() * policy.multiplier.powi(exponent);
        seconds_capped(seconds, policy.max_backoff)
    }

    /// The wait after jitter: 0.8 to 1.2 times the nominal one.
    fn jitter(&self, nominal: Duration, policy: &RetryPolicy, chance: &mut Chance) -> Duration {
        let _ = policy;
        nominal.mul_f64(0.8 + 0.4 * chance.fraction())
    }

    /// From when the wait is counted.
    fn counted_from(&self, attempt_started: Instant, attempt_ended: Instant) -> Instant {
        let _ = attempt_started;
        attempt_ended
    }

    /// Reads the values of `grpc-retry-pushback-ms`. Anything but one decimal signed 32-bit integer of at least 0 forbids the retry.
    fn read_pushback(&self, values: &[&[u8]]) -> Pushback {
        let Some(first) = values.first() else {
            return Pushback::Absent;
        };
        let text = std::str::from_utf8(first).unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<i32>() {
            Ok(milliseconds) if decimal && milliseconds >= 0 => Pushback::Delay(Duration::from_millis(milliseconds.unsigned_abs().into())),
            _ => Pushback::Stop,
        }
    }

    /// The wait that a pushback makes.
    fn pushed(&self, pushback: Duration, policy: &RetryPolicy, chance: &mut Chance) -> Duration {
        let _ = (policy, chance);
        pushback
    }

    /// How many retries the backoff counts after one that followed pushback.
    fn retries_after_pushback(&self, before: u32) -> u32 {
        let _ = before;
        0
    }
}

impl BackoffRules for Standard {}

/// Seconds as a duration, at most `max`, whatever floating point made of them.
pub(crate) fn seconds_capped(seconds: f64, max: Duration) -> Duration {
    if seconds.is_nan() || seconds >= max.as_secs_f64() {
        return max;
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(max)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], Pushback::Absent)]
    #[case(&["0"], Pushback::Delay(Duration::ZERO))]
    #[case(&["700"], Pushback::Delay(Duration::from_millis(700)))]
    #[case(&["2147483647"], Pushback::Delay(Duration::from_millis(2_147_483_647)))]
    #[case(&["2147483648"], Pushback::Stop)]
    #[case(&["-1"], Pushback::Stop)]
    #[case(&["-2147483648"], Pushback::Stop)]
    #[case(&["xxx"], Pushback::Stop)]
    #[case(&["10abc"], Pushback::Stop)]
    #[case(&["+10"], Pushback::Stop)]
    #[case(&["1.5"], Pushback::Stop)]
    #[case(&[""], Pushback::Stop)]
    #[case(&["100", "300"], Pushback::Delay(Duration::from_millis(100)))]
    fn pushback_is_a_decimal_int32_or_stops(#[case] values: &[&str], #[case] expected: Pushback) {
        let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(Standard.read_pushback(&values), expected);
    }
}
