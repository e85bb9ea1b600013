//! Users in SQLite.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proofmark_api::user::User;
use proofmark_transport::BoxFuture;
use prost_types::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::domain::{AnyError, DomainError};
use crate::environment::{Calling, StoreConfig};
use crate::store::Store;
use crate::store::commit::Committer;

/// A SQLite database with users in it.
#[derive(Debug)]
pub struct SqliteStore {
    reader: Shared,
    committer: Arc<Committer>,
    calling: Calling,
    opened_before: u64,
}

/// A database in memory that outlives the servers that use it. Clones are the same one.
#[derive(Clone, Default)]
pub struct MemorySlot(Arc<Mutex<Option<Shared>>>);

/// A connection that several ask.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Connection>>);

/// A database that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("failed to open the store")]
pub struct StoreOpenError(#[from] rusqlite::Error);

impl SqliteStore {
    /// Opens the database and brings its schema up to date.
    pub fn open(config: &StoreConfig) -> Result<Self, StoreOpenError> {
        match config {
            StoreConfig::Memory(slot) => Self::in_memory(slot),
            StoreConfig::File { path, calling } => Self::in_file(path, *calling),
        }
    }

    fn in_memory(slot: &MemorySlot) -> Result<Self, StoreOpenError> {
        let mut slot = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = match &*slot {
            Some(shared) => shared.clone(),
            None => slot.insert(Shared::new(Connection::open_in_memory()?)).clone(),
        };
        let opened_before = migrate(&mut shared.lock())?;
        Ok(Self { committer: Arc::new(Committer::new(shared.clone())), reader: shared, calling: Calling::Inline, opened_before })
    }

    fn in_file(path: &Path, calling: Calling) -> Result<Self, StoreOpenError> {
        let mut writer = connect(path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        let opened_before = migrate(&mut writer)?;
        let reader = Shared::new(connect(path)?);
        Ok(Self { committer: Arc::new(Committer::new(Shared::new(writer))), reader, calling, opened_before })
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, AnyError>> {
        let reader = self.reader.clone();
        let work = move || work(&reader.lock()).map_err(AnyError::from);
        match self.calling {
            Calling::Inline => Box::pin(async { work() }),
            Calling::Blocking => Box::pin(async { tokio::task::spawn_blocking(work).await? }),
        }
    }
}

impl Store for SqliteStore {
    fn user(&self, id: String) -> BoxFuture<'static, Result<Option<User>, AnyError>> {
        self.read(move |connection| {
            let mut query = connection.prepare_cached("SELECT seq, id, name, email, seconds, nanos FROM users WHERE id = ?1")?;
            query.query_row([id], |row| Ok(user(row)?.1)).optional()
        })
    }

    fn insert(&self, users: Vec<User>) -> BoxFuture<'static, Result<(), AnyError>> {
        let committer = self.committer.clone();
        match self.calling {
            Calling::Inline => Box::pin(async move { committer.commit_now(users) }),
            Calling::Blocking => Box::pin(async move { committer.commit_shared(users).await }),
        }
    }

    fn page(&self, place: i64, limit: usize) -> BoxFuture<'static, Result<Vec<(i64, User)>, AnyError>> {
        self.read(move |connection| {
            let mut query =
                connection.prepare_cached("SELECT seq, id, name, email, seconds, nanos FROM users WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
            let rows = query.query_map(params![place, i64::try_from(limit).unwrap_or(i64::MAX)], user)?;
            rows.collect()
        })
    }

    fn probe(&self) -> BoxFuture<'static, Result<(), AnyError>> {
        self.read(|connection| connection.query_row("SELECT 1", [], |_| Ok(())))
    }

    fn chunk(&self) -> usize {
        match self.calling {
            Calling::Inline => 1,
            Calling::Blocking => CHUNK,
        }
    }

    fn opened_before(&self) -> u64 {
        self.opened_before
    }
}

impl Shared {
    fn new(connection: Connection) -> Self {
        Self(Arc::new(Mutex::new(connection)))
    }

    /// A panic of one user of the connection does not spoil it for the others: every change is a transaction.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl fmt::Debug for MemorySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySlot").finish_non_exhaustive()
    }
}

/// Inserts every user, within a transaction or savepoint of the caller.
pub(crate) fn insert(connection: &Connection, users: &[User]) -> Result<(), AnyError> {
    let mut statement = connection.prepare_cached("INSERT INTO users (id, name, email, seconds, nanos) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for user in users {
        let at = user.created_at.unwrap_or_default();
        statement.execute(params![user.id, user.name, user.email, at.seconds, at.nanos]).map_err(taken)?;
    }
    Ok(())
}

/// Begins a transaction that may write.
pub(crate) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn taken(error: rusqlite::Error) -> AnyError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => DomainError::AlreadyExists("user").into(),
        _ => error.into(),
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<(i64, User)> {
    let created_at = Some(Timestamp { seconds: row.get(4)?, nanos: row.get(5)? });
    Ok((row.get(0)?, User { id: row.get(1)?, name: row.get(2)?, email: row.get(3)?, created_at }))
}

fn connect(path: &Path) -> Result<Connection, StoreOpenError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// Brings the schema up to date, counts the opening, and says how many went before.
fn migrate(connection: &mut Connection) -> Result<u64, StoreOpenError> {
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let missing = MIGRATIONS.get(version as usize..).unwrap_or_default();
    let transaction = begin(connection)?;
    for (number, migration) in (version + 1..).zip(missing) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    let opened: i64 = transaction.query_row("UPDATE openings SET count = count + 1 RETURNING count", [], |row| row.get(0))?;
    transaction.commit()?;
    Ok(u64::try_from(opened).unwrap_or(1).saturating_sub(1))
}

/// Every change of the schema, in order; `user_version` counts those that were made. Rows are never renumbered: a place in the order is for ever.
const MIGRATIONS: [&str; 1] = ["CREATE TABLE users (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        email TEXT NOT NULL UNIQUE,
        seconds INTEGER NOT NULL,
        nanos INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE openings (count INTEGER NOT NULL) STRICT;
    INSERT INTO openings VALUES (0);"];

/// Users fetched by one visit to the blocking pool.
const CHUNK: usize = 32;

/// How long a writer of another process may hold the file.
const BUSY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(id: &str, email: &str) -> User {
        User { id: id.to_owned(), name: "Ada".to_owned(), email: email.to_owned(), created_at: Some(Timestamp { seconds: 5, nanos: 7 }) }
    }

    #[tokio::test]
    async fn users_outlive_the_store_in_their_slot() {
        let config = StoreConfig::Memory(MemorySlot::default());
        let first = SqliteStore::open(&config).unwrap();
        first.insert(vec![ada("1", "a@b")]).await.unwrap();
        drop(first);
        let second = SqliteStore::open(&config).unwrap();
        assert_eq!(second.user("1".to_owned()).await.unwrap(), Some(ada("1", "a@b")));
        assert_eq!(second.opened_before(), 1);
    }

    #[tokio::test]
    async fn a_file_is_durable_and_in_wal_mode() {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig::File { path: folder.path().join("users.db"), calling: Calling::Blocking };
        SqliteStore::open(&config).unwrap().insert(vec![ada("1", "a@b")]).await.unwrap();
        let store = SqliteStore::open(&config).unwrap();
        assert_eq!(store.page(0, 10).await.unwrap(), [(1, ada("1", "a@b"))]);
        let mode: String = store.reader.lock().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        let synchronous: i64 = store.reader.lock().query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    }

    #[tokio::test]
    async fn a_batch_with_a_taken_address_stores_nothing() {
        let store = SqliteStore::open(&StoreConfig::Memory(MemorySlot::default())).unwrap();
        let error = store.insert(vec![ada("1", "a@b"), ada("2", "a@b")]).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&DomainError::AlreadyExists("user")));
        assert_eq!(store.page(0, 10).await.unwrap(), []);
    }

    #[tokio::test]
    async fn concurrent_writes_share_commits_and_keep_their_own_results() {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig::File { path: folder.path().join("users.db"), calling: Calling::Blocking };
        let store = SqliteStore::open(&config).unwrap();
        let writes = (0..50).map(|n| store.insert(vec![ada(&n.to_string(), &format!("{}@b", n / 2))]));
        let results = futures_util::future::join_all(writes).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 25);
        assert_eq!(store.page(0, 100).await.unwrap().len(), 25);
    }
}
