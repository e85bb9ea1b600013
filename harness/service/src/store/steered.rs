//! The switch before the store: up, down, or hanging.

use std::sync::Arc;

use proofmark_transport::watch;

use crate::domain::{AnyError, DomainError};
use crate::store::Store;

/// What the switch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Up,
    Down,
    Hang,
}

/// A store behind a switch.
#[derive(Debug)]
pub(crate) struct SteeredStore {
    inner: Arc<dyn Store>,
    reach: watch::Sender<Reach>,
}

impl SteeredStore {
    pub(crate) fn new(inner: Arc<dyn Store>, reach: Reach) -> Self {
        Self { inner, reach: watch::Sender::new(reach) }
    }

    pub(crate) fn switch(&self, reach: Reach) {
        self.reach.send_replace(reach);
    }

    /// The store, once it can be reached; an error if it cannot. While it hangs nobody knows, so this waits.
    pub(crate) async fn reach(&self) -> Result<&Arc<dyn Store>, AnyError> {
        if *self.reach.borrow() == Reach::Hang {
            let mut changes = self.reach.subscribe();
            let _ = changes.wait_for(|reach| *reach != Reach::Hang).await;
        }
        match *self.reach.borrow() {
            Reach::Down => Err(DomainError::Unavailable.into()),
            Reach::Up | Reach::Hang => Ok(&self.inner),
        }
    }
}
