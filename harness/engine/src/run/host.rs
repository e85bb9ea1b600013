//! Plays the part of the operating system for a server under test: starts it, steers it, signals it, and writes down what it shows.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use proofmark_record::{CallRef, Direction, Owed, Steered, SystemAct, Text, What};
use proofmark_system::{ServerEvent, ServerFactory, ServerLaunch, ServerSystem, Signal, StartError, StoreSlot, Token};
use proofmark_transport::clock::timeout;
use proofmark_transport::{BoxFuture, Clock, Held, Network};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::stage::{Stage, any_port};
use crate::case::given::{Keepalive, Server, StoreState, Switch};
use crate::case::units::show_duration;
use crate::case::{Case, given};

/// A server under test. Clones are the same one.
#[derive(Clone)]
pub struct Host(Rc<Inner>);

struct Inner {
    stage: Stage,
    factory: Arc<dyn ServerFactory>,
    network: Arc<dyn Network>,
    clock: Clock,
    settings: BTreeMap<String, String>,
    hooks: Vec<String>,
    tokens: Vec<Token>,
    shareable: bool,
    store: StoreSlot,
    upstream: RefCell<Vec<SocketAddr>>,
    running: RefCell<Option<Box<dyn ServerSystem>>>,
    address: Cell<Option<SocketAddr>>,
    /// Keeps the address for the next start while the server does not run.
    held: RefCell<Option<Held>>,
    exit_is_asked: Cell<bool>,
    steering: RefCell<VecDeque<(Steered, String)>>,
}

impl Host {
    /// A host whose server is not started yet.
    pub fn new(
        stage: &Stage,
        factory: Arc<dyn ServerFactory>,
        network: Arc<dyn Network>,
        clock: Clock,
        case: &Case,
        shareable: bool,
        store: StoreSlot,
    ) -> Self {
        Self(Rc::new(Inner {
            stage: stage.clone(),
            factory,
            network,
            clock,
            settings: settings_of(&case.given.server),
            hooks: hooks_of(case.given.store),
            tokens: tokens_of(stage, &case.given.server),
            shareable,
            store,
            upstream: RefCell::default(),
            running: RefCell::default(),
            address: Cell::default(),
            held: RefCell::default(),
            exit_is_asked: Cell::default(),
            steering: RefCell::default(),
        }))
    }

    /// Where a gateway asks.
    pub fn set_upstream(&self, upstream: Vec<SocketAddr>) {
        self.0.upstream.replace(upstream);
    }

    /// Where the server can be reached, once it was started.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.address.get()
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.0.running.borrow().is_some()
    }

    /// Whether it was asked to end.
    pub fn exit_is_asked(&self) -> bool {
        self.0.exit_is_asked.get()
    }

    /// Whether it shows what its handlers see, and can be steered.
    pub fn has_hooks(&self) -> bool {
        self.0.factory.info().features.contains("hooks")
    }

    /// Its process, where it has one of its own.
    pub fn pid(&self) -> Option<u32> {
        self.0.running.borrow().as_ref().and_then(|system| system.pid())
    }

    /// Starts the server, on the port it had before if it had one; `false` where it does not come up.
    pub async fn start(&self) -> bool {
        let inner = &self.0;
        let (events, shown) = unbounded_channel();
        let launch = ServerLaunch {
            listen: inner.address.get().unwrap_or_else(any_port),
            network: inner.network.clone(),
            clock: inner.clock.clone(),
            seed: inner.stage.seed().derive("server"),
            settings: inner.settings.clone(),
            hooks: inner.hooks.clone(),
            upstream: inner.upstream.borrow().clone(),
            tokens: inner.tokens.clone(),
            shareable: inner.shareable,
            store: inner.store.clone(),
            events,
        };
        inner.exit_is_asked.set(false);
        inner.stage.transcript().write(What::System { act: SystemAct::Started });
        match inner.factory.start(launch).await {
            Ok(system) => {
                let address = system.address();
                inner.address.set(Some(address));
                if system.served_before() {
                    inner.stage.transcript().write(What::System { act: SystemAct::Reused });
                }
                inner.held.take();
                inner.running.replace(Some(system));
                inner.stage.transcript().write(What::ProcessReady { address: address.to_string() });
                let listening = self.clone();
                inner.stage.tasks().spawn(async move { listening.listen(shown).await });
                true
            }
            Err(error) => {
                inner.stage.transcript().write(did_not_start(&error));
                false
            }
        }
    }

    /// Sends a signal, and ends when it has been delivered: a busy container engine takes a while, and what follows is about a server that was told.
    pub async fn signal(&self, signal: Signal) {
        if let Some(delivered) = self.send(signal) {
            delivered.await;
        }
    }

    fn send(&self, signal: Signal) -> Option<BoxFuture<'static, ()>> {
        let transcript = self.0.stage.transcript();
        let running = &mut *self.0.running.borrow_mut();
        let Some(system) = running else {
            transcript.write(What::Owed { by: Owed::Harness, text: format!("signal {signal:?}, but the server does not run") });
            return None;
        };
        match signal {
            Signal::Term | Signal::Int => {
                let name = if signal == Signal::Term { "TERM" } else { "INT" };
                transcript.write(What::SignalSent { signal: name.into() });
            }
            Signal::Kill => {
                transcript.write(What::System { act: SystemAct::Killed });
            }
            Signal::Stop => {
                transcript.write(What::System { act: SystemAct::Frozen });
            }
            Signal::Continue => {
                transcript.write(What::System { act: SystemAct::Thawed });
            }
        }
        if !matches!(signal, Signal::Stop | Signal::Continue) {
            self.0.exit_is_asked.set(true);
        }
        system.signal(signal);
        Some(system.delivered())
    }

    /// Ends the server if it runs and starts it again.
    pub async fn restart(&self) -> bool {
        if self.is_running() {
            self.signal(Signal::Term).await;
            self.exited().await;
        }
        self.start().await
    }

    /// Waits until the server has ended.
    pub async fn exited(&self) {
        while self.is_running() {
            let before = self.0.stage.transcript().len();
            let mut seen = 0;
            self.0
                .stage
                .transcript()
                .wait(|event| {
                    seen += 1;
                    seen > before && matches!(event.what, What::ProcessExited { .. })
                })
                .await;
        }
    }

    /// Writes a steering line and waits until it has taken effect.
    pub async fn steer(&self, what: Steered, line: String) {
        let transcript = self.0.stage.transcript();
        transcript.write(What::Steering { what, direction: Direction::Sent, text: line.clone() });
        let steered = match &mut *self.0.running.borrow_mut() {
            Some(system) => {
                self.0.steering.borrow_mut().push_back((what, line.clone()));
                system.steer(&line);
                true
            }
            None => false,
        };
        let before = transcript.with(|events| events.iter().filter(|event| is_done(&event.what)).count());
        let mut seen = 0;
        let done = transcript.wait(|event| {
            seen += usize::from(is_done(&event.what));
            seen > before
        });
        if !steered || timeout(STEERING_LIMIT, done).await.is_err() {
            transcript.write(What::Owed { by: Owed::Harness, text: format!("steering line `{line}` had no effect") });
        }
    }

    /// Whether the server has served other cases before this one.
    pub fn served_before(&self) -> bool {
        self.0.running.borrow().as_ref().is_some_and(|system| system.served_before())
    }

    /// Gives the server back, so that it may serve other cases.
    pub fn give_back(&self) {
        if let Some(system) = self.0.running.take() {
            system.give_back();
        }
    }

    /// Ends everything that belongs to the server.
    pub fn end(&self) {
        self.0.running.replace(None);
    }

    async fn listen(&self, mut shown: UnboundedReceiver<ServerEvent>) {
        while let Some(event) = shown.recv().await {
            self.shown(event);
        }
    }

    fn shown(&self, event: ServerEvent) {
        let transcript = self.0.stage.transcript();
        match event {
            ServerEvent::Hook(line) if line.get("hook").and_then(|hook| hook.as_str()) == Some("done") => {
                if let Some((what, text)) = self.0.steering.borrow_mut().pop_front() {
                    transcript.write(What::Steering { what, direction: Direction::Received, text });
                }
            }
            ServerEvent::Hook(line) => {
                let call = self.call_of(&line);
                transcript.write(What::Hook { call, line });
            }
            ServerEvent::Log(line) => {
                let call = self.call_of(&line);
                transcript.write(What::Log { call, line });
            }
            ServerEvent::Stderr(text) => {
                transcript.write(What::Stderr { text: Text(text) });
            }
            ServerEvent::Exited { status } => {
                self.0.running.replace(None);
                self.0.held.replace(self.0.address.get().and_then(|address| self.0.network.hold(address)));
                transcript.write(What::ProcessExited { status, asked: self.0.exit_is_asked.get() });
            }
        }
    }

    fn call_of(&self, line: &serde_json::Value) -> Option<CallRef> {
        let text = line.get("call")?.as_str()?;
        text.strip_prefix(self.0.stage.call_prefix())?.parse().ok()
    }
}

fn is_done(what: &What) -> bool {
    matches!(what, What::Steering { direction: Direction::Received, .. })
}

fn hooks_of(store: Option<given::Store>) -> Vec<String> {
    let Some(store) = store else { return Vec::new() };
    let state = match store.state {
        StoreState::Up => None,
        StoreState::Down => Some("store=down".to_owned()),
        StoreState::Hang => Some("store=hang".to_owned()),
    };
    state.into_iter().chain(store.users.map(|users| format!("users={users}"))).collect()
}

fn tokens_of(stage: &Stage, server: &Server) -> Vec<Token> {
    if server.auth != Some(Switch::Enabled) {
        return Vec::new();
    }
    let (good, expired) = stage.tokens();
    vec![
        Token { token: good.to_owned(), subject: "tester".into(), good_for: None },
        Token { token: expired.to_owned(), subject: "tester".into(), good_for: Some(Duration::ZERO) },
    ]
}

/// A system that did not start, in the transcript.
pub(super) fn did_not_start(error: &StartError) -> What {
    What::SystemError { text: error.to_string(), late: matches!(error, StartError::Late(_)) }
}

/// Settings as text, by their keys. `auth` travels as tokens and is left out.
fn settings_of(server: &Server) -> BTreeMap<String, String> {
    let duration = |value: Option<Duration>| value.map(show_duration);
    let switch = |value: Option<Switch>| value.map(|value| if value.is_on() { "enabled".to_owned() } else { "disabled".to_owned() });
    let text = |value: Option<String>| value;
    [
        ("grace", duration(server.grace)),
        ("lame-duck", duration(server.lame_duck)),
        ("deadline-max", duration(server.deadline_max)),
        ("max-concurrent-streams", text(server.max_concurrent_streams.map(|value| value.to_string()))),
        ("max-receive", text(server.max_receive.map(|value| value.to_string()))),
        ("max-send", text(server.max_send.map(|value| value.to_string()))),
        ("max-header-list", text(server.max_header_list.map(|value| value.to_string()))),
        ("probe-interval", duration(server.probe_interval)),
        ("probe-limit", duration(server.probe_limit)),
        ("reflection", switch(server.reflection)),
        ("tls", switch(server.tls)),
        ("keepalive", server.keepalive.map(keepalive_text)),
        ("permit-pings-every", duration(server.permit_pings_every)),
        ("max-age", duration(server.max_age)),
        ("max-age-grace", duration(server.max_age_grace)),
        ("max-idle", duration(server.max_idle)),
        ("downstream-timeout", duration(server.downstream_timeout)),
        ("forwards", server.forwards.as_ref().map(|keys| keys.join(","))),
    ]
    .into_iter()
    .filter_map(|(key, value)| value.map(|value| (key.to_owned(), value)))
    .collect()
}

fn keepalive_text(keepalive: Keepalive) -> String {
    let time = keepalive.time.map(|time| format!("time={}", show_duration(time)));
    let timeout = keepalive.timeout.map(|timeout| format!("timeout={}", show_duration(timeout)));
    let calls = keepalive.without_calls.map(|switch| format!("without-calls={}", if switch.is_on() { "enabled" } else { "disabled" }));
    time.into_iter().chain(timeout).chain(calls).collect::<Vec<_>>().join(",")
}

/// How long a steering line may take.
const STEERING_LIMIT: Duration = Duration::from_secs(5);
