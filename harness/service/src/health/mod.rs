//! The health of the server and its services, `grpc.health.v1`.
//!
//! - [`Health`]: the states, who watches them, and their end
//! - [`service`]: Check, Watch and List
//! - [`probe`]: asks the store
//! - [`switch`]: `grpc.testing.XdsUpdateHealthService`, for other tools

pub(crate) mod probe;
pub(crate) mod service;
pub(crate) mod switch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proofmark_api::health::health_check_response::ServingStatus;
use proofmark_transport::watch;

use crate::policy::{HealthPolicy, Watcher};

/// The states of all names.
#[derive(Debug)]
pub(crate) struct Health {
    policy: Arc<dyn HealthPolicy>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, Entry>,
    watchers: BTreeMap<u64, Watching>,
    last_number: u64,
    phase: Phase,
}

#[derive(Debug)]
struct Entry {
    status: ServingStatus,
    follows_store: bool,
    is_pinned: bool,
    removed: bool,
    touches: u64,
}

#[derive(Debug)]
struct Watching {
    name: String,
    /// What was handed to the stream and has not left yet, as far as the watcher knows.
    under_way: bool,
    last: Option<ServingStatus>,
    touches: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Serving,
    NotServing,
    Ended,
}

/// What a Watch does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Say(ServingStatus),
    Wait,
    End,
}

impl Health {
    pub(crate) fn new(policy: Arc<dyn HealthPolicy>) -> Self {
        let names = FOLLOWERS.map(|name| {
            let entry = Entry { status: policy.initial(name), follows_store: true, is_pinned: false, removed: false, touches: 0 };
            (name.to_owned(), entry)
        });
        let state = State { names: names.into(), ..State::default() };
        Self { policy, state: Mutex::new(state), changes: watch::Sender::new(0) }
    }

    /// What the store's last answer makes of the names that follow it.
    pub(crate) fn probed(&self, answered: bool) {
        let mut state = self.state();
        if state.is_latched(&*self.policy) {
            return;
        }
        for (name, entry) in &mut state.names {
            if entry.follows_store
                && !entry.is_pinned
                && let Some(status) = self.policy.after_probe(name, answered)
            {
                entry.status = status;
                entry.touches += 1;
            }
        }
        self.changed(state);
    }

    /// Sets a name by hand; it holds against the probe. Nothing: the name is removed.
    pub(crate) fn pin(&self, name: &str, status: Option<ServingStatus>) {
        let mut state = self.state();
        let latched = state.is_latched(&*self.policy);
        let entry = state.names.entry(name.to_owned()).or_insert(Entry {
            status: ServingStatus::NotServing,
            follows_store: false,
            is_pinned: true,
            removed: true,
            touches: 0,
        });
        entry.is_pinned = true;
        entry.removed = status.is_none();
        entry.touches += 1;
        if let Some(status) = status.filter(|_| !latched) {
            entry.status = status;
        }
        self.changed(state);
    }

    /// Gives a name back to the probe; what nobody else sets is removed.
    pub(crate) fn unpin(&self, name: &str, answered: bool) {
        let mut state = self.state();
        let latched = state.is_latched(&*self.policy);
        if let Some(entry) = state.names.get_mut(name) {
            if entry.follows_store {
                entry.is_pinned = false;
                entry.removed = false;
                if !latched && let Some(status) = self.policy.after_probe(name, answered) {
                    entry.status = status;
                }
                entry.touches += 1;
            } else {
                state.names.remove(name);
            }
        }
        self.changed(state);
    }

    /// Sets every name that the server has of itself.
    pub(crate) fn pin_all(&self, status: ServingStatus) {
        for name in FOLLOWERS {
            self.pin(name, Some(status));
        }
    }

    /// NOT_SERVING for every name, for good.
    pub(crate) fn stop_serving(&self) {
        let mut state = self.state();
        for (name, entry) in &mut state.names {
            if self.policy.ends_serving(name) {
                entry.status = ServingStatus::NotServing;
                entry.touches += 1;
            }
        }
        state.phase = state.phase.max(Phase::NotServing);
        self.changed(state);
    }

    /// Every Watch ends once it has said what it has to say.
    pub(crate) fn end_watches(&self) {
        let mut state = self.state();
        state.phase = Phase::Ended;
        self.changed(state);
    }

    /// No Watch has anything left to say. Waits for that.
    pub(crate) async fn all_told(&self) {
        let mut changes = self.changes.subscribe();
        while !self.are_all_told() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// No Watch is open. Waits for that.
    pub(crate) async fn all_ended(&self) {
        let mut changes = self.changes.subscribe();
        while !self.state().watchers.is_empty() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn check(&self, name: &str) -> Result<ServingStatus, tonic::Status> {
        match self.state().status(name) {
            Some(status) => self.policy.known_check(status),
            None => self.policy.unknown_check(name),
        }
    }

    /// Whether a Check has to wait now; never, by default.
    pub(crate) async fn may_check(&self) {
        let mut changes = self.changes.subscribe();
        loop {
            let stuck = self.state().stuck();
            if !self.policy.check_waits(stuck) || changes.changed().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn list(&self) -> Result<BTreeMap<String, ServingStatus>, tonic::Status> {
        let state = self.state();
        let names: BTreeMap<_, _> =
            state.names.iter().filter(|(_, entry)| !entry.removed).map(|(name, entry)| (name.clone(), entry.status)).collect();
        if names.len() > self.policy.list_limit() {
            return Err(tonic::Status::resource_exhausted("there are more services than a list may hold"));
        }
        Ok(names)
    }

    /// Begins a Watch.
    pub(crate) fn watch(self: &Arc<Self>, name: &str) -> Result<Watch, tonic::Status> {
        let mut state = self.state();
        if state.status(name).is_none() {
            self.policy.unknown_watch(name)?;
        }
        state.last_number += 1;
        let number = state.last_number;
        let touches = state.names.get(name).map_or(0, |entry| entry.touches);
        state.watchers.insert(number, Watching { name: name.to_owned(), under_way: false, last: None, touches });
        drop(state);
        Ok(Watch { health: self.clone(), number, changes: self.changes.subscribe(), is_first: true })
    }

    fn are_all_told(&self) -> bool {
        let state = self.state();
        state.watchers.values().all(|watching| {
            let owed = state.status(&watching.name).is_some_and(|now| watching.last != Some(now));
            !watching.under_way && !owed
        })
    }

    fn changed(&self, state: MutexGuard<'_, State>) {
        drop(state);
        self.changes.send_modify(|change| *change += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn status(&self, name: &str) -> Option<ServingStatus> {
        self.names.get(name).filter(|entry| !entry.removed).map(|entry| entry.status)
    }

    fn is_latched(&self, policy: &dyn HealthPolicy) -> bool {
        self.phase > Phase::Serving && policy.latches()
    }

    fn stuck(&self) -> usize {
        self.watchers.values().filter(|watching| watching.under_way).count()
    }
}

/// One open Watch. Dropping it forgets the watcher.
#[derive(Debug)]
pub(crate) struct Watch {
    health: Arc<Health>,
    number: u64,
    changes: watch::Receiver<u64>,
    is_first: bool,
}

impl Watch {
    /// The next thing to say; waits for a change. What was said before has left by now.
    pub(crate) async fn next(&mut self) -> Option<ServingStatus> {
        self.taken();
        loop {
            self.changes.mark_unchanged();
            match self.decide() {
                Next::Say(status) => return Some(status),
                Next::End => return None,
                Next::Wait => self.changes.changed().await.ok()?,
            }
        }
    }

    /// The stream asks again, so it has sent what it was given.
    fn taken(&mut self) {
        let mut state = self.health.state();
        if let Some(watching) = state.watchers.get_mut(&self.number)
            && std::mem::take(&mut watching.under_way)
        {
            self.health.changed(state);
        }
    }

    fn decide(&mut self) -> Next {
        let health = &self.health;
        let mut state = health.state();
        let phase = state.phase;
        let stuck = state.stuck();
        let Some(name) = state.watchers.get(&self.number).map(|watching| watching.name.clone()) else { return Next::End };
        let latest = state.watchers.iter().filter(|(_, watching)| watching.name == name).map(|(number, _)| *number).max();
        let touches = state.names.get(&name).map_or(0, |entry| entry.touches);
        let now = match state.status(&name) {
            Some(status) => status,
            None => health.policy.unknown_watch(&name).unwrap_or(ServingStatus::ServiceUnknown),
        };
        let Some(watching) = state.watchers.get_mut(&self.number) else { return Next::End };
        let touched = std::mem::replace(&mut watching.touches, touches) != touches;
        let wanted = if std::mem::take(&mut self.is_first) {
            health.policy.first(now)
        } else {
            let watcher = Watcher { number: self.number, latest: latest.unwrap_or(self.number), stuck };
            health.policy.tells(watcher, watching.last, now, touched).then_some(now)
        };
        watching.last = Some(now);
        match wanted {
            Some(status) => {
                watching.under_way = true;
                Next::Say(status)
            }
            None if phase == Phase::Ended => Next::End,
            None => Next::Wait,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.health.state();
        state.watchers.remove(&self.number);
        self.health.changed(state);
    }
}

/// The names that say what the store says.
const FOLLOWERS: [&str; 2] = ["", "user.v1.UserService"];
