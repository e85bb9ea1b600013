//! Where the balancer shows calls what there is.
//!
//! Not tokio's `watch`: that wakes its receivers in a random order, and runs are to be repeatable.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::balance::Picture;

/// The current picture. Those who wait for the next are woken in the order in which they began to wait.
pub(crate) struct Board(Mutex<State>);

struct State {
    picture: Picture,
    version: u64,
    tickets: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { picture: Picture::Idle, version: 0, tickets: 0, waiting: BTreeMap::new() }))
    }

    /// The picture and its version.
    pub(crate) fn read(&self) -> (Picture, u64) {
        let state = self.state();
        (state.picture.clone(), state.version)
    }

    pub(crate) fn show(&self, picture: Picture) {
        let waiting = {
            let mut state = self.state();
            state.picture = picture;
            state.version += 1;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Waits until there is another version than `seen`.
    pub(crate) async fn changed(&self, seen: u64) {
        let mut place = Place { board: self, ticket: None };
        std::future::poll_fn(|cx| {
            let mut state = self.state();
            if state.version != seen {
                return Poll::Ready(());
            }
            let ticket = *place.ticket.get_or_insert_with(|| {
                state.tickets += 1;
                state.tickets
            });
            state.waiting.insert(ticket, cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait, left when dropped.
struct Place<'a> {
    board: &'a Board,
    ticket: Option<u64>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.board.state().waiting.remove(&ticket);
        }
    }
}
