//! What is stored, and when it is said.

use std::fmt::Debug;
use std::time::SystemTime;

/// Decisions about the store.
pub trait StorePolicy: Debug + Send + Sync {
    /// A write is durable before it is acknowledged; otherwise it happens a moment later, if the store is still open.
    fn commits_first(&self) -> bool {
        true
    }

    /// A batch is stored as a whole or not at all.
    fn batch_is_atomic(&self) -> bool {
        true
    }

    /// The end of a request stream that was no clean end stores what has come.
    fn commits_truncated(&self) -> bool {
        false
    }

    /// The id of a new user.
    fn id(&self, fresh: String) -> String {
        fresh
    }

    /// The creation time that is stored.
    fn created_at(&self, now: SystemTime) -> SystemTime {
        now
    }
}
