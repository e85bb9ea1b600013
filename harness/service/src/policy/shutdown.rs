//! How the server goes.

use std::fmt::Debug;
use std::time::Duration;

use tonic::Status;

use crate::server::Signal;

/// One step of a shutdown, service contract section 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Health says NOT_SERVING of every name, and every open Watch is sent it.
    NotServing,
    /// Everything is still served for a while; then connections without a finished preface are closed.
    LameDuck,
    /// New connections are refused.
    CloseListener,
    /// Every Watch gets its trailers, at the latest after 100 ms.
    EndWatches,
    /// Every connection gets its first GOAWAY and a PING, later its final GOAWAY.
    GoAway,
    /// Calls in flight end by themselves, until the grace period is over.
    Grace,
    /// The remaining calls end, their connections are closed.
    Force,
    /// The store is closed.
    CloseStore,
}

/// Decisions about the shutdown.
pub trait ShutdownPolicy: Debug + Send + Sync {
    /// This signal starts a shutdown, or forces one that is `running`.
    fn heeds(&self, _signal: Signal, _running: bool) -> bool {
        true
    }

    /// The steps in their order.
    fn plan(&self) -> Vec<Step> {
        vec![
            Step::NotServing,
            Step::LameDuck,
            Step::CloseListener,
            Step::EndWatches,
            Step::GoAway,
            Step::Grace,
            Step::Force,
            Step::CloseStore,
        ]
    }

    /// The delay between NOT_SERVING and the end of the listener.
    fn lame_duck(&self, set: Duration) -> Duration {
        set
    }

    /// The time that calls in flight have; nothing: for ever.
    fn grace(&self, set: Duration) -> Option<Duration> {
        Some(set)
    }

    /// The grace period ends when the last call has.
    fn ends_when_drained(&self) -> bool {
        true
    }

    /// How long the final GOAWAY waits for the ack of the PING; nothing: for ever.
    fn ping_patience(&self) -> Option<Duration> {
        Some(Duration::from_secs(5))
    }

    /// The final GOAWAY does not wait for the ack at all.
    fn skips_round_trip(&self) -> bool {
        false
    }

    /// A call that arrives after the first GOAWAY and below the final one is served.
    fn serves_after_first_goaway(&self) -> bool {
        true
    }

    /// A draining connection without calls is closed at once, not by its peer.
    fn closes_drained(&self, _served_calls: bool) -> bool {
        true
    }

    /// Connections without a finished preface are closed, so that they hold nothing.
    fn closes_unready(&self) -> bool {
        true
    }

    /// Watches are ended by the server, so that they hold nothing.
    fn ends_watches(&self) -> bool {
        true
    }

    /// What the remaining calls get.
    fn cut(&self) -> Status {
        Status::unavailable("the server is shutting down")
    }

    /// The remaining calls are told by trailers and their handlers are dropped; otherwise they are left as they are.
    fn cuts_calls(&self) -> bool {
        true
    }

    /// The handlers of cut calls are dropped.
    fn drops_handlers(&self) -> bool {
        true
    }

    /// The exit status; `forced` if calls were cut off or a second signal came.
    fn exit_status(&self, forced: bool) -> u8 {
        u8::from(forced)
    }
}
