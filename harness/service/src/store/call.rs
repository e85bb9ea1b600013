//! The store as one call sees it: with its hook lines, and with the failures that the call asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proofmark_api::user::User;
use proofmark_transport::clock::sleep;
use tonic::Status;

use crate::domain::{AnyError, DomainError, Violation};
use crate::hooks::RunLines;
use crate::hooks::word::{Kind, Script, StoreFault, StoreScript};
use crate::store::steered::SteeredStore;

/// The store of one call.
#[derive(Debug)]
pub(crate) struct CallStore {
    store: Arc<SteeredStore>,
    lines: RunLines,
    script: Option<StoreScript>,
    text: Option<String>,
    details: Option<bytes::Bytes>,
    went_well: AtomicUsize,
}

impl CallStore {
    pub(crate) fn new(store: Arc<SteeredStore>, lines: RunLines, script: Option<&Script>) -> Self {
        Self {
            store,
            lines,
            script: script.map(|script| script.store.clone()).filter(|script| *script != StoreScript::default()),
            text: script.and_then(|script| script.text.clone()),
            details: script.and_then(|script| script.details.clone()),
            went_well: AtomicUsize::new(0),
        }
    }

    pub(crate) async fn user(&self, id: String) -> Result<Option<User>, AnyError> {
        let found = async {
            self.suffer().await?;
            self.store.reach().await?.user(id).await
        };
        self.said("get", found.await)
    }

    pub(crate) async fn insert(&self, users: Vec<User>) -> Result<(), AnyError> {
        let stored = async {
            self.suffer().await?;
            self.store.reach().await?.insert(users).await
        };
        self.said("insert", stored.await)
    }

    /// Takes note of one item of a batch that is stored later as a whole.
    pub(crate) async fn item(&self) -> Result<(), AnyError> {
        let noted = async {
            self.suffer().await?;
            self.store.reach().await.map(|_| ())
        };
        self.said("item", noted.await)
    }

    /// Only what the call asked the store to suffer, for methods that do not ask it.
    pub(crate) async fn suffer_item(&self) -> Result<(), AnyError> {
        self.suffer().await
    }

    /// Stores the whole batch.
    pub(crate) async fn commit(&self, users: Vec<User>) -> Result<(), AnyError> {
        let stored = async { self.store.reach().await?.insert(users).await };
        self.said("insert", stored.await)
    }

    /// Users after `place`, read a few at a time as they are taken.
    pub(crate) fn page(&self, place: i64) -> Rows<'_> {
        Rows { store: self, place, fetched: Vec::new().into_iter(), asked: false, row_asked: false }
    }

    async fn suffer(&self) -> Result<(), AnyError> {
        let Some(script) = &self.script else { return Ok(()) };
        if let Some(time) = script.sleep {
            sleep(time).await;
        }
        self.fail(script)
    }

    fn fail(&self, script: &StoreScript) -> Result<(), AnyError> {
        if self.went_well.fetch_add(1, Ordering::Relaxed) < script.after {
            return Ok(());
        }
        match &script.fault {
            None => Ok(()),
            Some(StoreFault::Error(kind)) => Err(self.error(*kind)),
            Some(StoreFault::Wrapped(kind)) => Err(Wrapped(Wrapped(self.error(*kind)).into()).into()),
            Some(StoreFault::Panic) => panic!("{}", self.text.as_deref().unwrap_or("the store panics")),
        }
    }

    fn error(&self, kind: Kind) -> AnyError {
        // an error that is a status already, as of a downstream call: the details say so
        if let Some(details) = &self.details
            && let Ok(status) = <proofmark_api::rpc::Status as prost::Message>::decode(details.clone())
        {
            return Status::with_details(status.code.into(), status.message, details.clone()).into();
        }
        let error = match kind {
            Kind::NotFound => DomainError::NotFound("user"),
            Kind::AlreadyExists => DomainError::AlreadyExists("user"),
            Kind::InvalidInput => DomainError::InvalidInput(vec![Violation::new("id", "is not accepted by the store")]),
            Kind::Unauthorized => DomainError::Unauthorized,
            Kind::Forbidden => DomainError::Forbidden,
            Kind::Conflict => DomainError::Conflict,
            Kind::RateLimited => DomainError::RateLimited { retry_after: RETRY_AFTER },
            Kind::Unavailable => DomainError::Unavailable,
            Kind::WrongState => DomainError::WrongState,
            Kind::NotSupported => DomainError::NotSupported,
            Kind::Other => return self.text.as_deref().unwrap_or("the store failed").into(),
        };
        error.into()
    }

    fn said<T>(&self, operation: &str, result: Result<T, AnyError>) -> Result<T, AnyError> {
        self.lines.store(operation, result.is_ok());
        result
    }
}

/// Users one after the other.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    store: &'a CallStore,
    place: i64,
    fetched: std::vec::IntoIter<(i64, User)>,
    asked: bool,
    row_asked: bool,
}

impl Rows<'_> {
    /// The next user with its place. At most `wanted` more will be asked for.
    pub(crate) async fn next(&mut self, wanted: usize) -> Result<Option<(i64, User)>, AnyError> {
        if !self.asked {
            self.asked = true;
            if let Some(time) = self.store.script.as_ref().and_then(|script| script.sleep) {
                sleep(time).await;
            }
            let reached = self.store.store.reach().await.map(|_| ());
            self.store.said("list", reached)?;
        }
        if let Some(script) = &self.store.script {
            if self.row_asked
                && let Some(pause) = script.rows
            {
                sleep(pause).await;
            }
            self.row_asked = true;
            if let Err(error) = self.store.fail(script) {
                return self.store.said("row", Err(error));
            }
        }
        let next = self.fetch(wanted).await;
        match next {
            Ok(None) => Ok(None),
            next => self.store.said("row", next),
        }
    }

    /// There are more users.
    pub(crate) async fn has_more(&mut self) -> Result<bool, AnyError> {
        if !self.fetched.as_slice().is_empty() {
            return Ok(true);
        }
        Ok(!self.store.store.reach().await?.page(self.place, 1).await?.is_empty())
    }

    async fn fetch(&mut self, wanted: usize) -> Result<Option<(i64, User)>, AnyError> {
        if self.fetched.as_slice().is_empty() {
            let store = self.store.store.reach().await?;
            let chunk = store.chunk().min(wanted);
            self.fetched = store.page(self.place, chunk).await?.into_iter();
        }
        let next = self.fetched.next();
        if let Some((place, _)) = &next {
            self.place = *place;
        }
        Ok(next)
    }
}

/// An error around another one.
#[derive(Debug, thiserror::Error)]
#[error("the store could not do it")]
struct Wrapped(#[source] AnyError);

const RETRY_AFTER: Duration = Duration::from_secs(1);
