//! Which connection takes an attempt.

use std::fmt::Debug;
use std::net::SocketAddr;

use crate::config::Balancing;
use crate::policy::Standard;

/// What a pick knows.
#[derive(Clone, Copy, Debug)]
pub struct Pick<'a> {
    /// The policy.
    pub balancing: Balancing,
    /// The backends with a usable connection, in the order of the addresses. Never empty.
    pub ready: &'a [SocketAddr],
    /// How many picks there were before on this channel.
    pub counter: u64,
    /// Where the call's attempt before this one went.
    pub before: Option<SocketAddr>,
}

/// Decisions about load balancing.
pub trait BalanceRules: Debug + Send + Sync {
    /// The index, in `ready`, of the connection to use.
    fn pick(&self, pick: &Pick<'_>) -> usize {
        match pick.balancing {
            Balancing::PickFirst { .. } => 0,
            Balancing::RoundRobin => usize::try_from(pick.counter % pick.ready.len().max(1) as u64).unwrap_or(0),
        }
    }

    /// Whether a call that does not wait for readiness fails while all connections fail.
    fn fails_fast(&self, wait_for_ready: bool) -> bool {
        !wait_for_ready
    }
}

impl BalanceRules for Standard {}
