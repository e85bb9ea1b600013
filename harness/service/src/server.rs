//! A running server: how it starts, what it can be told, and its way out, service contract section 8.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use proofmark_api::user::User;
use proofmark_transport::clock::{Instant, sleep, sleep_until, timeout};
use proofmark_transport::watch;
use proofmark_transport::{BoxLink, Chance, Listener};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::app::{App, Ids};
use crate::connection::Serving;
use crate::environment::{Environment, HooksConfig, Token};
use crate::health::Health;
use crate::health::probe::Probe;
use crate::hooks::Hooks;
use crate::hooks::steering::{self, SteeringError};
use crate::interceptor::auth::Validator;
use crate::interceptor::{self, Inner};
use crate::policy::Step;
use crate::settings::Settings;
use crate::shutdown::{Roster, Stage};
use crate::store::steered::{Reach, SteeredStore};
use crate::store::{SqliteStore, Store, StoreOpenError};

/// A running server. Dropping it ends all its tasks at once, as a kill would.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    signals: mpsc::UnboundedSender<Signal>,
    exit: watch::Receiver<Option<ExitStatus>>,
    task: JoinHandle<()>,
}

/// A signal that a server heeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
}

/// How a server went: 0 if every call came to its end by itself, 1 if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitStatus(pub u8);

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreOpenError),
    /// The users that the test hooks ask for cannot be stored.
    #[error("failed to store the users of the test hooks")]
    Users(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address cannot be listened at.
    #[error("failed to listen at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Starts a server at `listen`; port 0 is a free one. When this is done, connections are accepted.
pub async fn start(settings: Settings, environment: Environment, listen: SocketAddr) -> Result<Server, StartError> {
    let store = Arc::new(SqliteStore::open(&environment.store)?);
    let hooks = environment.test_hooks.clone();
    if let Some(hooks) = &hooks {
        add_users(&*store, hooks, &environment).await.map_err(StartError::Users)?;
    }
    let app = app(settings, &environment, store, hooks.as_ref());
    let (done, mut probed) = watch::channel(0);
    let probe = Probe {
        health: app.health.clone(),
        policy: app.policies.health.clone(),
        store: app.store.clone(),
        interval: app.settings.probe_interval,
        limit: app.settings.probe_limit,
        answered: app.store_answered.clone(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(probe.run(done));
    // whoever connects at once should find the state that holds, but a store that hangs must not hold the start
    let _ = timeout(FIRST_PROBE, probed.changed()).await;
    let listener = environment.network.listen(listen).await.map_err(|source| StartError::Listen { address: listen, source })?;
    let address = listener.address();
    let (signals, arrivals) = mpsc::unbounded_channel();
    let (exited, exit) = watch::channel(None);
    let stack = interceptor::stack(&app);
    let running = Running {
        stack,
        listener: Some(listener),
        connections: JoinSet::new(),
        stage: watch::Sender::default(),
        roster: Arc::default(),
        signals: arrivals,
        jitter: environment.seed.derive("service.connection-age").stream("connections"),
        app: app.clone(),
        _tasks: tasks,
    };
    let task = tokio::spawn(async move {
        let status = running.run().await;
        exited.send_replace(Some(status));
    });
    Ok(Server { app, address, signals, exit, task })
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Delivers a signal.
    pub fn signal(&self, signal: Signal) {
        // a server that has gone heeds nothing
        let _ = self.signals.send(signal);
    }

    /// Obeys a steering line of the test hooks, and says so by a hook line.
    pub fn steer(&self, line: &str) -> Result<(), SteeringError> {
        steering::obey(&self.app, line)
    }

    /// Waits until the server has gone. A server that went without a word counts as failed.
    pub async fn wait_exit(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        let status = exit.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        status.unwrap_or(ExitStatus(1))
    }

    /// The number of calls in flight.
    pub fn calls_in_flight(&self) -> usize {
        self.app.calls()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

fn app(settings: Settings, environment: &Environment, store: Arc<SqliteStore>, hooks: Option<&HooksConfig>) -> Arc<App> {
    let policies = environment.policies.clone();
    let reach = if hooks.is_some_and(|hooks| hooks.store_down) { Reach::Down } else { Reach::Up };
    let generation = store.opened_before();
    Arc::new(App {
        lines: environment.lines.clone(),
        clock: environment.clock.clone(),
        hooks: Arc::new(Hooks::new(hooks.is_some(), environment.lines.clone(), environment.clock.clone())),
        health: Arc::new(Health::new(policies.health.clone())),
        store: Arc::new(SteeredStore::new(store, reach)),
        store_answered: Arc::new(AtomicBool::new(false)),
        validator: validator(settings.auth, environment.tokens.as_deref()),
        upstream: environment.upstream.clone(),
        ids: Ids::new(environment.seed, generation),
        panic_stacks: environment.panic_stacks,
        calls: AtomicUsize::new(0),
        settings,
        policies,
    })
}

/// With auth enabled and no tokens nobody gets in.
fn validator(wanted: Option<bool>, tokens: Option<&[Token]>) -> Option<Validator> {
    match (wanted, tokens) {
        (Some(false), _) | (None, None) => None,
        (Some(true) | None, tokens) => Some(Validator::new(tokens.unwrap_or_default())),
    }
}

/// Stores `user-1` and so on, unless they are there already.
async fn add_users(
    store: &dyn Store,
    hooks: &HooksConfig,
    environment: &Environment,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if hooks.users == 0 || store.user("user-1".to_owned()).await?.is_some() {
        return Ok(());
    }
    let created_at = Some(environment.clock.wall().into());
    let user = |number| User {
        id: format!("user-{number}"),
        name: format!("User {number}"),
        email: format!("user-{number}@users.example"),
        created_at,
    };
    store.insert((1..=hooks.users).map(user).collect()).await
}

/// The task of a server.
struct Running<S> {
    app: Arc<App>,
    stack: S,
    listener: Option<Box<dyn Listener>>,
    connections: JoinSet<()>,
    stage: watch::Sender<Stage>,
    roster: Arc<Roster>,
    signals: mpsc::UnboundedReceiver<Signal>,
    jitter: Chance,
    _tasks: JoinSet<()>,
}

/// What a wait ended by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// What was waited for.
    Done,
    /// A signal.
    Signal,
}

impl<S: Inner + Sync> Running<S> {
    async fn run(mut self) -> ExitStatus {
        while self.until(std::future::pending::<()>(), false).await != Ended::Signal {}
        let status = self.shut_down().await;
        self.connections.shutdown().await;
        status
    }

    async fn shut_down(&mut self) -> ExitStatus {
        let policy = self.app.policies.shutdown.clone();
        let mut grace_end = self.end_of_grace();
        let mut forced = false;
        let mut second_signal = false;
        for step in policy.plan() {
            let ended = match step {
                // nothing but the end is left to do after a second signal
                _ if second_signal && !matches!(step, Step::Force | Step::CloseStore) => continue,
                Step::NotServing => {
                    self.app.health.stop_serving();
                    Ended::Done
                }
                Step::LameDuck => {
                    let ended = self.until(sleep(policy.lame_duck(self.app.settings.lame_duck)), true).await;
                    self.advance(Stage::LameDuckOver);
                    grace_end = self.end_of_grace();
                    ended
                }
                Step::CloseListener => {
                    self.listener = None;
                    Ended::Done
                }
                Step::EndWatches => self.end_watches().await,
                Step::GoAway => self.say_goodbye().await,
                Step::Grace => self.wait_for_calls(grace_end).await,
                Step::Force => {
                    forced = self.app.calls() > 0;
                    self.force().await;
                    Ended::Done
                }
                Step::CloseStore => {
                    self.app.hooks.say(json!({"hook": "store", "operation": "close", "ok": true}));
                    self.app.store.switch(Reach::Down);
                    Ended::Done
                }
            };
            second_signal |= ended == Ended::Signal;
        }
        ExitStatus(policy.exit_status(forced || second_signal))
    }

    fn end_of_grace(&self) -> Option<Instant> {
        self.app.policies.shutdown.grace(self.app.settings.grace).map(|grace| Instant::now() + grace)
    }

    /// Every Watch says NOT_SERVING and ends, by itself or after a while.
    async fn end_watches(&mut self) -> Ended {
        if !self.app.policies.shutdown.ends_watches() {
            return Ended::Done;
        }
        let health = self.app.health.clone();
        let told = async {
            health.end_watches();
            health.all_told().await;
            health.all_ended().await;
        };
        let ended = self.until(timeout(WATCHES, told), true).await;
        self.advance(Stage::WatchesCut);
        ended
    }

    /// What calls have written goes first, on every connection; then GOAWAY, on every connection.
    async fn say_goodbye(&mut self) -> Ended {
        self.advance(Stage::Flushing);
        let roster = self.roster.clone();
        let ended = self.until(timeout(WATCHES, async move { roster.all_flushed().await }), true).await;
        self.advance(Stage::Leaving);
        ended
    }

    /// Calls in flight end by themselves, and their connections with them.
    async fn wait_for_calls(&mut self, end: Option<Instant>) -> Ended {
        let ends_when_drained = self.app.policies.shutdown.ends_when_drained();
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        let mut over = pin!(over);
        loop {
            if ends_when_drained && self.connections.is_empty() {
                return Ended::Done;
            }
            match self.step(over.as_mut(), true).await {
                Turn::Ended(ended) => return ended,
                Turn::Further => {}
            }
        }
    }

    /// The remaining calls end; their connections have a moment to say so.
    async fn force(&mut self) {
        self.advance(Stage::Forced);
        let end = Instant::now() + FORCED;
        while !self.connections.is_empty() {
            tokio::select! {
                biased;
                _ = self.connections.join_next() => {}
                () = sleep_until(end) => break,
            }
        }
        self.connections.shutdown().await;
    }

    fn advance(&self, stage: Stage) {
        self.stage.send_if_modified(|now| std::mem::replace(now, (*now).max(stage)) < stage);
    }

    /// Serves until `done` is, or a signal comes that is heeded.
    async fn until<T>(&mut self, done: impl Future<Output = T>, running: bool) -> Ended {
        let mut done = pin!(done);
        loop {
            if let Turn::Ended(ended) = self.step(done.as_mut(), running).await {
                return ended;
            }
        }
    }

    async fn step<T>(&mut self, done: impl Future<Output = T>, running: bool) -> Turn {
        tokio::select! {
            biased;
            Some(signal) = self.signals.recv() => {
                if self.app.policies.shutdown.heeds(signal, running) { Turn::Ended(Ended::Signal) } else { Turn::Further }
            }
            _ = done => Turn::Ended(Ended::Done),
            arrived = arrival(&mut self.listener) => {
                match arrived {
                    Ok((link, peer)) => self.accept(link, peer),
                    // out of descriptors, most likely: others end in the meantime
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                }
                Turn::Further
            }
            Some(_) = self.connections.join_next(), if !self.connections.is_empty() => Turn::Further,
        }
    }

    fn accept(&mut self, link: BoxLink, peer: SocketAddr) {
        let serving = Serving {
            app: self.app.clone(),
            stack: self.stack.clone(),
            stage: self.stage.subscribe(),
            roster: self.roster.clone(),
            jitter: self.jitter.clone(),
        };
        // the next connection draws on
        self.jitter.bits();
        self.connections.spawn(serving.serve(link, peer));
    }
}

enum Turn {
    Ended(Ended),
    Further,
}

async fn arrival(listener: &mut Option<Box<dyn Listener>>) -> io::Result<(BoxLink, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// How long the start waits for the first answer of the store.
const FIRST_PROBE: Duration = Duration::from_millis(100);

/// How long Watches have to say NOT_SERVING.
const WATCHES: Duration = Duration::from_millis(100);

/// How long connections have to flush and close when they are forced.
const FORCED: Duration = Duration::from_millis(300);

/// The pause after an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
