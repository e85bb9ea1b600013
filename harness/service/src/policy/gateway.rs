//! What travels on when the service asks another one.

use std::fmt::Debug;
use std::time::Duration;

use http::{HeaderMap, HeaderName};

/// Decisions about outgoing calls.
pub trait GatewayPolicy: Debug + Send + Sync {
    /// A key of the incoming call is put on outgoing calls; `forwards` are the configured ones.
    fn travels(&self, name: &HeaderName, forwards: &[HeaderName]) -> bool {
        forwards.contains(name)
    }

    /// The last word on the metadata of an outgoing call; `nth` counts the calls made for one incoming call, from 0.
    fn metadata(&self, outgoing: HeaderMap, _incoming: &HeaderMap, _nth: usize, _streaming: bool) -> HeaderMap {
        outgoing
    }

    /// The time that an outgoing call gets. `first` is what remained when the handler began, `own` the configured limit.
    fn timeout(&self, remaining: Option<Duration>, _first: Option<Duration>, own: Option<Duration>) -> Option<Duration> {
        match (remaining, own) {
            (Some(remaining), Some(own)) => Some(remaining.min(own)),
            (remaining, own) => remaining.or(own),
        }
    }

    /// A call is made although no time remains.
    fn calls_without_time(&self) -> bool {
        false
    }

    /// Outgoing calls live on when the incoming one is cancelled.
    fn detaches(&self) -> bool {
        false
    }
}
