//! Writes that arrive at the same time share one commit, so that they share its wait for the disk.

use std::sync::{Arc, Mutex, PoisonError};

use proofmark_api::user::User;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::domain::AnyError;
use crate::store::sqlite::{self, Shared};

/// Writes to one database.
#[derive(Debug)]
pub(crate) struct Committer {
    connection: Shared,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: Vec<Job>,
    is_worked_on: bool,
}

#[derive(Debug)]
struct Job {
    users: Vec<User>,
    done: oneshot::Sender<Result<(), AnyError>>,
}

impl Committer {
    pub(crate) fn new(connection: Shared) -> Self {
        Self { connection, queue: Mutex::default() }
    }

    /// Writes on the caller's time.
    pub(crate) fn commit_now(&self, users: Vec<User>) -> Result<(), AnyError> {
        let mut connection = self.connection.lock();
        let transaction = sqlite::begin(&mut connection)?;
        sqlite::insert(&transaction, &users)?;
        Ok(transaction.commit()?)
    }

    /// Writes on the blocking pool, together with what else is waiting.
    pub(crate) async fn commit_shared(self: Arc<Self>, users: Vec<User>) -> Result<(), AnyError> {
        let (done, result) = oneshot::channel();
        let begins = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.jobs.push(Job { users, done });
            !std::mem::replace(&mut queue.is_worked_on, true)
        };
        if begins {
            let committer = self.clone();
            tokio::task::spawn_blocking(move || committer.work());
        }
        result.await?
    }

    fn work(&self) {
        while let Some(jobs) = self.next_jobs() {
            let (replies, results): (Vec<_>, Vec<_>) = {
                let mut connection = self.connection.lock();
                let (replies, users): (Vec<_>, Vec<_>) = jobs.into_iter().map(|job| (job.done, job.users)).unzip();
                let results = commit(&mut connection, &users);
                (replies, results)
            };
            for (reply, result) in replies.into_iter().zip(results) {
                // whoever asked may have gone; what was written stays
                let _ = reply.send(result);
            }
        }
    }

    fn next_jobs(&self) -> Option<Vec<Job>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.jobs.is_empty() {
            queue.is_worked_on = false;
            return None;
        }
        Some(std::mem::take(&mut queue.jobs))
    }
}

/// One transaction with a savepoint for each job.
fn commit(connection: &mut Connection, jobs: &[Vec<User>]) -> Vec<Result<(), AnyError>> {
    let mut results = Vec::with_capacity(jobs.len());
    let committed = (|| -> Result<(), AnyError> {
        let mut transaction = sqlite::begin(connection)?;
        for users in jobs {
            let savepoint = transaction.savepoint()?;
            match sqlite::insert(&savepoint, users) {
                Ok(()) => {
                    savepoint.commit()?;
                    results.push(Ok(()));
                }
                Err(error) => results.push(Err(error)),
            }
        }
        Ok(transaction.commit()?)
    })();
    if let Err(error) = committed {
        let text = error.to_string();
        results = jobs.iter().map(|_| Err(AnyError::from(text.clone()))).collect();
    }
    results
}
