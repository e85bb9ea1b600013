//! Where users are kept.
//!
//! - [`Store`]: what the service asks of it
//! - [`SqliteStore`]: the one there is; its migrations, its calling, its shared commits
//! - [`steered`]: puts the switch of the test hooks before it
//! - [`call`]: the store as one call sees it, with hook lines and the failures that the call asked for

pub(crate) mod call;
mod commit;
mod sqlite;
pub(crate) mod steered;

use std::fmt::Debug;

use proofmark_api::user::User;
use proofmark_transport::BoxFuture;

pub use sqlite::{MemorySlot, SqliteStore, StoreOpenError};

use crate::domain::AnyError;

/// Keeps users. Errors that the service's table knows are [`crate::DomainError`]s; any other is a failure of the store.
pub trait Store: Debug + Send + Sync {
    /// The user with this id.
    fn user(&self, id: String) -> BoxFuture<'static, Result<Option<User>, AnyError>>;

    /// Stores all of these users or none. They are durable when this is done.
    fn insert(&self, users: Vec<User>) -> BoxFuture<'static, Result<(), AnyError>>;

    /// At most `limit` users after `place` in the order of their creation, each with its place.
    fn page(&self, place: i64, limit: usize) -> BoxFuture<'static, Result<Vec<(i64, User)>, AnyError>>;

    /// The store answers.
    fn probe(&self) -> BoxFuture<'static, Result<(), AnyError>>;

    /// How many users are best asked for at a time.
    fn chunk(&self) -> usize;

    /// How often the store was opened before; ids are drawn from another stream each time.
    fn opened_before(&self) -> u64;
}
