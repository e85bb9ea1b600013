//! What the server says of its health.

use std::fmt::Debug;
use std::time::Duration;

use proofmark_api::health::health_check_response::ServingStatus;
use tonic::Status;

/// A watcher that is about to be told of a change.
#[derive(Clone, Copy, Debug)]
pub struct Watcher {
    /// Its number; later ones are higher.
    pub number: u64,
    /// The number of the latest watcher of the same name.
    pub latest: u64,
    /// How many watchers of any name have not taken what they were told last.
    pub stuck: usize,
}

/// Decisions about health.
pub trait HealthPolicy: Debug + Send + Sync {
    /// What is said of `name` before the store has answered.
    fn initial(&self, _name: &str) -> ServingStatus {
        ServingStatus::NotServing
    }

    /// What is said of `name` after a probe of the store; nothing: as before.
    fn after_probe(&self, _name: &str, answered: bool) -> Option<ServingStatus> {
        Some(if answered { ServingStatus::Serving } else { ServingStatus::NotServing })
    }

    /// How long a probe may take; nothing: as long as it takes.
    fn probe_limit(&self, set: Duration) -> Option<Duration> {
        Some(set)
    }

    /// The time between two probes after one that `answered`; nothing: there is no further one.
    fn probe_pause(&self, set: Duration, _answered: bool) -> Option<Duration> {
        Some(set)
    }

    /// What a Check of an unknown name gets.
    fn unknown_check(&self, _name: &str) -> Result<ServingStatus, Status> {
        Err(Status::not_found("unknown service"))
    }

    /// What a Watch of an unknown name gets.
    fn unknown_watch(&self, _name: &str) -> Result<ServingStatus, Status> {
        Ok(ServingStatus::ServiceUnknown)
    }

    /// What a Check of a known name gets.
    fn known_check(&self, status: ServingStatus) -> Result<ServingStatus, Status> {
        Ok(status)
    }

    /// A Watch is sent `now` after it was sent `last`; `touched` if somebody set the state again.
    fn tells(&self, _watcher: Watcher, last: Option<ServingStatus>, now: ServingStatus, _touched: bool) -> bool {
        last != Some(now)
    }

    /// The state that a Watch shows first.
    fn first(&self, now: ServingStatus) -> Option<ServingStatus> {
        Some(now)
    }

    /// What a Check sees while `stuck` watchers have not taken what they were told last; nothing: it waits.
    fn check_waits(&self, _stuck: usize) -> bool {
        false
    }

    /// A shutdown says NOT_SERVING of `name`.
    fn ends_serving(&self, _name: &str) -> bool {
        true
    }

    /// Nothing changes the states any more once a shutdown has begun.
    fn latches(&self) -> bool {
        true
    }

    /// The number of names that List gives at most.
    fn list_limit(&self) -> usize {
        100
    }
}
