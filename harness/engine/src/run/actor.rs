//! Does what a case says: runs the steps of `when`.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use proofmark_record::{CallRef, Owed, Steered, What};
use proofmark_system::Signal;

use super::driver_caller::DriverCaller;
use super::host::Host;
use super::stage::{Local, Round, Stage};
use super::wire_caller::WireCaller;
use crate::case::given::StoreState;
use crate::case::when::{AuthState, HealthStatus, PeerActs, Signal as SignalStep, SystemAct, Via};
use crate::case::{Call, Step};
use crate::moments::Scope;
use crate::peer::backend::Backend;
use crate::peer::conn::Conn;
use crate::peer::script::Script;

/// Who makes the calls.
#[derive(Clone)]
pub enum Caller {
    /// A scripted client.
    Wire(WireCaller),
    /// The client under test.
    Driver(DriverCaller),
}

/// Does what a case says. Clones are the same one.
#[derive(Clone)]
pub struct Actor {
    /// The case.
    pub stage: Stage,
    /// Who makes the calls.
    pub caller: Caller,
    /// The server under test, where there is one.
    pub host: Option<Host>,
    /// The scripted servers.
    pub backends: Rc<IndexMap<String, Backend>>,
    /// What has to be done when the server was started anew.
    pub on_start: Rc<dyn Fn() -> Local<'static>>,
    /// What is being waited for, for the case that it never comes.
    pub awaited: Rc<RefCell<Vec<String>>>,
    own: Rc<RefCell<Vec<CallRef>>>,
}

impl Actor {
    /// An actor with everything a case gives.
    pub fn new(stage: &Stage, caller: Caller, host: Option<Host>, backends: IndexMap<String, Backend>) -> Self {
        Self {
            stage: stage.clone(),
            caller,
            host,
            backends: Rc::new(backends),
            on_start: Rc::new(|| Box::pin(async {})),
            awaited: Rc::default(),
            own: Rc::default(),
        }
    }

    /// Runs steps one after the other.
    pub fn run<'a>(&'a self, steps: &'a [Step], round: Round) -> Local<'a> {
        Box::pin(async move {
            for step in steps {
                self.awaited.borrow_mut().push(describe(step));
                self.step(step, round).await;
                self.awaited.borrow_mut().pop();
            }
        })
    }

    async fn step(&self, step: &Step, round: Round) {
        let transcript = self.stage.transcript();
        match step {
            Step::Call(call) => {
                let before = transcript.len();
                let call = self.start(call, round);
                transcript.wait_from(before, |event| matches!(&event.what, What::CallEnded { call: ended, .. } if *ended == call)).await;
            }
            Step::Start(call) => {
                let before = transcript.len();
                let call = self.start(call, round);
                // the call's own task writes this before it first waits
                transcript
                    .wait_from(before, |event| matches!(&event.what, What::CallStarted { call: started, .. } if *started == call))
                    .await;
            }
            Step::Cancel(name) => self.cancel(name),
            Step::Connect(name) => match &self.caller {
                Caller::Wire(caller) => {
                    caller.connect(name).await;
                }
                Caller::Driver(caller) => caller.connect(name).await,
            },
            Step::Close(name) => match &self.caller {
                Caller::Wire(caller) => caller.close(name),
                Caller::Driver(caller) => caller.close(name).await,
            },
            Step::Peer(acts) => self.peer(acts, round).await,
            Step::Signal(signal) => {
                if let Some(host) = self.server("signal") {
                    host.signal(if *signal == SignalStep::Term { Signal::Term } else { Signal::Int }).await;
                }
            }
            Step::System(act) => self.system(*act).await,
            Step::Health(health) => {
                let status = match health.status {
                    HealthStatus::Serving => "SERVING",
                    HealthStatus::NotServing => "NOT_SERVING",
                    HealthStatus::Removed => "REMOVED",
                    HealthStatus::Auto => "AUTO",
                };
                let name = if health.service.is_empty() { "\"\"" } else { &health.service };
                self.steer(Steered::Health, format!("health {name} {status}")).await;
            }
            Step::Store(state) => {
                let state = match state {
                    StoreState::Up => "up",
                    StoreState::Down => "down",
                    StoreState::Hang => "hang",
                };
                self.steer(Steered::Store, format!("store {state}")).await;
            }
            Step::Auth(state) => self.steer(Steered::Auth, format!("auth {}", if *state == AuthState::Up { "up" } else { "down" })).await,
            Step::Resolver(resolver) => self.resolve(resolver).await,
            Step::Await(moment) => self.stage.reached(moment, &self.scope()).await,
            Step::Mark(mark) => self.stage.mark(mark).await,
            Step::Pause(pause) => self.stage.pause(pause).await,
            Step::Repeat(repeat) => {
                self.stage
                    .repeat(repeat, round, &self.scope(), |steps, round| {
                        let inner = self.in_scope_of_its_own();
                        Box::pin(async move { inner.run(steps, round).await })
                    })
                    .await;
            }
            Step::Together(lanes) => {
                let lanes = lanes.values().map(|steps| {
                    let inner = self.in_scope_of_its_own();
                    async move { inner.run(steps, round).await }
                });
                futures_util::future::join_all(lanes).await;
            }
        }
    }

    /// In a round, bare names of calls mean its own calls.
    fn in_scope_of_its_own(&self) -> Self {
        let own = self.own.borrow().clone();
        Self { own: Rc::new(RefCell::new(own)), ..self.clone() }
    }

    fn scope(&self) -> Scope {
        Scope { own: self.own.borrow().clone(), ..Scope::default() }
    }

    fn start(&self, given: &Call, round: Round) -> CallRef {
        let call = self.stage.transcript().next_call(&given.name);
        self.own.borrow_mut().push(call.clone());
        let via = match &given.via {
            None => None,
            Some(Via::Named(name)) => Some(name.expand_text(&self.stage.context(round))),
            Some(Via::Fresh) => Some(match self.caller {
                // a fresh connection of the same client, or a channel of its own
                Caller::Wire(_) => "main".to_owned(),
                Caller::Driver(_) => format!("new-{call}"),
            }),
        };
        match &self.caller {
            Caller::Wire(caller) => caller.start(call.clone(), given.clone(), via, round, self.scope()),
            Caller::Driver(caller) => caller.start(call.clone(), given.clone(), via, round, self.scope()),
        }
        call
    }

    fn cancel(&self, name: &str) {
        let own = self.own.borrow().iter().rev().find(|call| call.name == name).cloned();
        match own.or_else(|| name.parse().ok()) {
            Some(call) => self.cancel_call(&call),
            None => self.owed(format!("`cancel: {name}`, but no such call was made")),
        }
    }

    /// Cancels a call.
    pub fn cancel_call(&self, call: &CallRef) {
        match &self.caller {
            Caller::Wire(caller) => caller.cancel(call),
            Caller::Driver(caller) => caller.cancel(call),
        }
    }

    async fn peer(&self, acts: &PeerActs, round: Round) {
        let conn = match self.backends.get(&acts.name) {
            Some(backend) => backend.conn(acts.connection),
            None => self.client_conn(acts),
        };
        let Some(conn) = conn else {
            self.owed(format!("`peer: {}` acts, but it has no such connection", acts.name));
            return;
        };
        let scope = Scope { own: self.own.borrow().clone(), ..Scope::default() };
        let script = Script { stage: self.stage.clone(), conn, stream: None, scope, round };
        script.run(&acts.steps).await;
    }

    fn client_conn(&self, acts: &PeerActs) -> Option<Conn> {
        match &self.caller {
            Caller::Wire(caller) => caller.conn(&acts.name, acts.connection),
            Caller::Driver(_) => None,
        }
    }

    async fn system(&self, act: SystemAct) {
        let Some(host) = self.server("system") else { return };
        let started = match act {
            SystemAct::Start => host.start().await,
            SystemAct::Restart => host.restart().await,
            SystemAct::Kill => {
                host.signal(Signal::Kill).await;
                host.exited().await;
                false
            }
            SystemAct::Freeze => {
                host.signal(Signal::Stop).await;
                false
            }
            SystemAct::Thaw => {
                host.signal(Signal::Continue).await;
                false
            }
        };
        if started {
            (self.on_start)().await;
        }
    }

    async fn steer(&self, what: Steered, line: String) {
        if let Some(host) = self.server("steering") {
            host.steer(what, line).await;
        }
    }

    async fn resolve(&self, resolver: &crate::case::when::Resolver) {
        let Caller::Driver(caller) = &self.caller else {
            self.owed("`resolver` in a server case".into());
            return;
        };
        let addresses =
            resolver.backends.as_ref().map(|names| names.iter().filter_map(|name| self.backends.get(name)).map(Backend::address).collect());
        caller.resolve(addresses, resolver.service_config.as_ref().map(super::service_config_text)).await;
    }

    fn server(&self, step: &str) -> Option<&Host> {
        if self.host.is_none() {
            self.owed(format!("step `{step}` needs a server under test, and this case has none"));
        }
        self.host.as_ref()
    }

    fn owed(&self, text: String) {
        self.stage.transcript().write(What::Owed { by: Owed::Harness, text });
    }
}

fn describe(step: &Step) -> String {
    match step {
        Step::Await(moment) => format!("await: {moment}"),
        Step::Call(call) => format!("the end of call {}", call.name),
        _ => format!("step `{}`", step.name()),
    }
}
