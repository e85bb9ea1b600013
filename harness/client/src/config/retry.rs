//! `retryPolicy` and `retryThrottling` (gRFC A6).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::ConfigRejected;
use crate::config::field::Field;
use crate::outcome::code_by_name;

/// A retry policy.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; 2 to 5.
    pub max_attempts: u32,
    /// The nominal first wait.
    pub initial_backoff: Duration,
    /// No nominal wait is longer.
    pub max_backoff: Duration,
    /// Each nominal wait is the one before times this.
    pub multiplier: f64,
    /// The numbers of the codes that are retried.
    pub codes: BTreeSet<i32>,
}

/// The token bucket of retries, in thousandths of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// The bucket's size.
    pub max_tokens: i64,
    /// What a success adds; digits beyond the third decimal are cut off.
    pub token_ratio: i64,
}

pub(crate) fn read_policy(policy: &Field<'_>) -> Result<RetryPolicy, ConfigRejected> {
    policy.object()?;
    let attempts = policy.required("maxAttempts")?;
    let max_attempts = attempts.integer().filter(|attempts| *attempts >= 2).ok_or_else(|| attempts.wanted("a whole number from 2"))?;
    let multiplier = policy.required("backoffMultiplier")?;
    Ok(RetryPolicy {
        max_attempts: u32::try_from(max_attempts.min(MAX_ATTEMPTS)).unwrap_or(2),
        initial_backoff: positive(&policy.required("initialBackoff")?)?,
        max_backoff: positive(&policy.required("maxBackoff")?)?,
        multiplier: above_zero(&multiplier)?,
        codes: codes(&policy.required("retryableStatusCodes")?)?,
    })
}

pub(crate) fn read_throttling(throttling: &Field<'_>) -> Result<Throttling, ConfigRejected> {
    throttling.object()?;
    let (max, ratio) = (throttling.required("maxTokens")?, throttling.required("tokenRatio")?);
    let max_tokens = max.number()?;
    if !(max_tokens > 0.0 && max_tokens <= 1000.0) {
        return Err(max.wanted("a number above 0 and up to 1000"));
    }
    Ok(Throttling { max_tokens: thousandths(max_tokens), token_ratio: thousandths(above_zero(&ratio)?) })
}

fn positive(field: &Field<'_>) -> Result<Duration, ConfigRejected> {
    let duration = field.duration()?;
    if duration.is_zero() { Err(field.wanted("a duration above zero")) } else { Ok(duration) }
}

fn above_zero(field: &Field<'_>) -> Result<f64, ConfigRejected> {
    let number = field.number()?;
    if number > 0.0 { Ok(number) } else { Err(field.wanted("a number above 0")) }
}

fn codes(field: &Field<'_>) -> Result<BTreeSet<i32>, ConfigRejected> {
    let listed = field.list()?;
    if listed.is_empty() {
        return Err(field.bad("at least one status code is wanted"));
    }
    listed.iter().map(code).collect()
}

fn code(field: &Field<'_>) -> Result<i32, ConfigRejected> {
    let number = match field.text() {
        Ok(name) => code_by_name(name).map(|code| code as i32),
        Err(_) => field.integer().and_then(|number| i32::try_from(number).ok()).filter(|number| (0..=16).contains(number)),
    };
    number.ok_or_else(|| field.wanted("the name of a gRPC status code, or its number from 0 to 16,"))
}

/// Cut off after the third decimal, with the binary error of decimal fractions forgiven (0.29 is 290, not 289).
fn thousandths(number: f64) -> i64 {
    (number * 1000.0 + 1e-7).floor().clamp(0.0, 1e15) as i64
}

const MAX_ATTEMPTS: i64 = 5;
