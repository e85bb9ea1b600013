//! Connections: making them, and what a GOAWAY does.

use std::fmt::Debug;
use std::time::Duration;

use proofmark_transport::Chance;

use crate::options::ReconnectBackoff;
use crate::policy::Standard;
use crate::policy::backoff::seconds_capped;

/// Decisions about connections (connection-backoff, gRFC A8, RFC 9113 section 6.8).
pub trait ConnectionRules: Debug + Send + Sync {
    /// From the start of a failed attempt to the start of the next, after so many failures in a row (from 1).
    fn reconnect_delay(&self, backoff: &ReconnectBackoff, failures: u32, chance: &mut Chance) -> Duration {
        let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let nominal = seconds_capped(backoff.initial.as_secs_f64() * backoff.multiplier.powi(exponent), backoff.max);
        nominal.mul_f64((1.0 - backoff.jitter + 2.0 * backoff.jitter * chance.fraction()).max(0.0))
    }

    /// How long one connection attempt may take, SETTINGS included.
    fn connect_timeout(&self) -> Duration {
        Duration::from_secs(20)
    }

    /// Whether a GOAWAY ends the connection with its open calls.
    fn goaway_closes(&self) -> bool {
        false
    }

    /// Whether new calls wait until a draining connection has ended.
    fn waits_for_drain(&self) -> bool {
        false
    }

    /// Whether a stream that a GOAWAY cut off was left unprocessed, as its id says.
    fn cut_off_is_unprocessed(&self) -> bool {
        true
    }

    /// Whether a stream that a connection loss ended was left unprocessed; `draining`: a GOAWAY had come before.
    fn lost_is_unprocessed(&self, draining: bool) -> bool {
        let _ = draining;
        false
    }

    /// How many streams may be open, of what the peer's SETTINGS say.
    fn stream_limit(&self, announced: usize) -> usize {
        announced
    }

    /// The keepalive time in force: never below 10 s.
    fn keepalive_time(&self, configured: Duration) -> Duration {
        configured.max(Duration::from_secs(10))
    }

    /// The keepalive time after a GOAWAY that said `too_many_pings`.
    fn keepalive_after_complaint(&self, before: Duration) -> Duration {
        before.saturating_mul(2)
    }
}

impl ConnectionRules for Standard {}
