//! A value that many watch, as tokio's `watch`, except for the order: receivers are woken in the order in which they began to wait.
//! Tokio wakes them in a random one, and runs of one seed are to be the same.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A sender and a receiver of a value.
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(value);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// Changes the value. Dropping it tells the receivers that no change comes any more.
pub struct Sender<T>(Arc<Shared<T>>);

/// Sees the value and waits for changes. Clones have seen what the original has.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

/// No change comes any more: the sender is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sender is gone")]
pub struct Gone;

/// A look at the value; changes wait until it is dropped.
pub struct Ref<'a, T>(MutexGuard<'a, State<T>>);

struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    value: T,
    version: u64,
    gone: bool,
    tickets: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl<T> Sender<T> {
    /// A sender that nobody watches yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Shared(Mutex::new(State { value, version: 0, gone: false, tickets: 0, waiting: BTreeMap::new() }))))
    }

    /// A receiver for which the value as it is now is nothing new.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver { seen: self.0.state().version, shared: self.0.clone() }
    }

    /// Looks at the value.
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref(self.0.state())
    }

    /// Puts another value in its place, which is a change even if it is equal.
    pub fn send_replace(&self, value: T) -> T {
        let mut old = None;
        self.send_modify(|place| old = Some(std::mem::replace(place, value)));
        // the closure ran
        old.unwrap_or_else(|| unreachable!("send_modify runs its closure"))
    }

    /// Changes the value in place.
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// Changes the value in place; it is a change only if `change` says so.
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut state = self.0.state();
        let modified = change(&mut state.value);
        if modified {
            state.version += 1;
            wake_all(state);
        }
        modified
    }
}

impl<T> Receiver<T> {
    /// Looks at the value; it stays new if it was.
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref(self.shared.state())
    }

    /// Looks at the value, which is nothing new from now on.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let state = self.shared.state();
        self.seen = state.version;
        Ref(state)
    }

    /// The value as it is now is nothing new.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.state().version;
    }

    /// The value as it is now is new.
    pub fn mark_changed(&mut self) {
        self.seen = u64::MAX;
    }

    /// Waits until the value is new. Cancel safe.
    ///
    /// # Errors
    /// The sender is gone, and all has been seen.
    pub async fn changed(&mut self) -> Result<(), Gone> {
        let seen = self.seen;
        let version = self.shared.wait(|state| (state.version != seen).then_some(state.version)).await?;
        self.seen = version;
        Ok(())
    }

    /// Waits until the value is as wanted, also if it is nothing new. Cancel safe.
    ///
    /// # Errors
    /// The sender is gone, and the value is not as wanted.
    pub async fn wait_for(&mut self, mut wanted: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, Gone> {
        self.seen = self.shared.wait(|state| wanted(&state.value).then_some(state.version)).await?;
        Ok(Ref(self.shared.state()))
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait<V>(&self, mut done: impl FnMut(&State<T>) -> Option<V>) -> Result<V, Gone> {
        let mut place = Place { shared: self, ticket: None };
        std::future::poll_fn(|cx| {
            let mut state = self.state();
            if let Some(value) = done(&state) {
                return Poll::Ready(Ok(value));
            }
            if state.gone {
                return Poll::Ready(Err(Gone));
            }
            let ticket = *place.ticket.get_or_insert_with(|| {
                state.tickets += 1;
                state.tickets
            });
            state.waiting.insert(ticket, cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

fn wake_all<T>(mut state: MutexGuard<'_, State<T>>) {
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    waiting.into_values().for_each(Waker::wake);
}

/// A place among those who wait, left when dropped.
struct Place<'a, T> {
    shared: &'a Shared<T>,
    ticket: Option<u64>,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.state().waiting.remove(&ticket);
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.gone = true;
        wake_all(state);
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), seen: self.seen }
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.0.state().value).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.shared.state().value).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn a_change_is_seen_once_and_a_lost_sender_is_told() {
        let (sender, mut receiver) = channel(1);
        sender.send_replace(2);
        assert_eq!(receiver.changed().await, Ok(()));
        assert_eq!(*receiver.borrow(), 2);
        assert!(!sender.send_if_modified(|_| false));
        drop(sender);
        assert_eq!(receiver.changed().await, Err(Gone));
        assert_eq!(*receiver.wait_for(|value| *value == 2).await.unwrap(), 2);
        assert!(receiver.wait_for(|value| *value == 3).await.is_err());
    }

    #[tokio::test]
    async fn receivers_are_woken_in_the_order_in_which_they_began_to_wait() {
        for _ in 0..20 {
            let sender = Sender::new(0);
            let order: Arc<Mutex<Vec<usize>>> = Arc::default();
            let tasks: Vec<_> = (0..30)
                .map(|number| {
                    let (mut receiver, order) = (sender.subscribe(), order.clone());
                    tokio::spawn(async move {
                        receiver.changed().await.unwrap();
                        order.lock().unwrap().push(number);
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            sender.send_replace(1);
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(*order.lock().unwrap(), (0..30).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn whoever_stops_waiting_leaves_no_waker_behind() {
        let sender = Sender::new(0);
        let mut receiver = sender.subscribe();
        tokio::select! {
            biased;
            _ = receiver.changed() => unreachable!(),
            () = tokio::task::yield_now() => {}
        }
        assert!(sender.0.state().waiting.is_empty());
    }
}
