//! One round of one case, from set-up to a finished transcript.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use proofmark_record::{CallRef, Event, Outcome, Owed, What};
use proofmark_system::{ClientFactory, ClientLaunch, ServerFactory, StoreSlot};
use proofmark_transport::clock::{Instant, sleep, timeout};
use proofmark_transport::{Clock, Network, Seed};
use tokio::sync::mpsc::unbounded_channel;

use super::actor::{Actor, Caller};
use super::driver_caller::DriverCaller;
use super::faults::Faults;
use super::host::{Host, did_not_start};
use super::service_config_text;
use super::stage::{Round, Stage};
use super::wire_caller::WireCaller;
use crate::case::given::{Backend as GivenBackend, Grants, Handshake, Manners, Reads, Switch};
use crate::case::when::{SystemAct, Via};
use crate::case::{Call, Case, FAR, Operation, Role, Step, Template};
use crate::peer::backend::Backend;
use crate::profile::Profile;

/// What a round is run with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The client under test.
    pub client: Option<Arc<dyn ClientFactory>>,
    /// The server under test.
    pub server: Option<Arc<dyn ServerFactory>>,
    /// How both ends reach each other.
    pub network: Arc<dyn Network>,
    /// Time is virtual.
    pub virtual_time: bool,
    /// The round's seed.
    pub seed: Seed,
    /// What the bearer tokens are drawn from: the same for all cases of a run, so that they can share a server.
    pub tokens: Seed,
    /// Whether a server that served other cases will do.
    pub shares_server: bool,
    /// What stands before the names of calls on the wire, where cases share a system.
    pub call_prefix: String,
    /// Which service operations are mapped to.
    pub profile: Profile,
    /// Where the server's store is, for servers with a disk.
    pub store: Option<PathBuf>,
}

/// A round that is over.
#[derive(Debug, Default)]
pub struct Played {
    /// Its transcript.
    pub events: Vec<Event>,
    /// The process of the server.
    pub pid: Option<u32>,
    /// The server had served other cases.
    pub served_before: bool,
}

/// Runs a round; must be called on a `LocalSet`.
pub async fn run(case: &Case, setting: &Setting) -> Played {
    let stage = Stage::new(setting.network.clone(), setting.seed, setting.tokens, setting.call_prefix.clone(), setting.profile);
    let mut played = Played::default();
    stage.transcript().write(What::CaseStarted);
    let lag = measure_lag(&stage, setting.virtual_time);
    match set_up(case, setting, &stage).await {
        Ok(set) => {
            played.pid = set.actor.host.as_ref().and_then(Host::pid);
            played.served_before = set.actor.host.as_ref().is_some_and(Host::served_before);
            play(case, setting, &stage, set).await;
        }
        Err(what) => {
            stage.transcript().write(what);
            stage.transcript().write(What::CaseEnded);
        }
    }
    stage.transcript().write(What::TimerLag { max_ns: lag.get() });
    stage.tasks().end();
    Played { events: stage.transcript().take(), ..played }
}

struct Set {
    actor: Actor,
    faults: Faults,
}

async fn set_up(case: &Case, setting: &Setting, stage: &Stage) -> Result<Set, What> {
    let failed = |what: &str, error: &dyn std::fmt::Display| What::HarnessError { text: format!("{what}: {error}") };
    let backends = start_backends(case, stage).await.map_err(|error| failed("a scripted server cannot listen", &error))?;
    let faults = Faults::new(stage, &case.given.faults);
    let mut addresses = IndexMap::new();
    for (name, backend) in &backends {
        let address = faults.route(name, backend.address()).await.map_err(|error| failed("a fault's proxy cannot listen", &error))?;
        addresses.insert(name.clone(), address);
    }
    let clock = if setting.virtual_time { Clock::fixed() } else { Clock::system() };
    let host = match (&setting.server, case.role) {
        (Some(factory), Role::Server | Role::Pair) => {
            let slot = StoreSlot { path: setting.store.clone(), ..StoreSlot::default() };
            let host = Host::new(stage, factory.clone(), setting.network.clone(), clock.clone(), case, setting.shares_server, slot);
            host.set_upstream(addresses.values().copied().collect());
            if !starts_system(&case.when) && !host.start().await {
                return Err(What::Owed { by: Owed::System, text: "the server did not start".into() });
            }
            Some(host)
        }
        _ => None,
    };
    let caller = match case.role {
        Role::Server => {
            let token = (case.given.server.auth == Some(Switch::Enabled)).then(|| stage.tokens().0.to_owned());
            Caller::Wire(WireCaller::new(stage, case.given.clients.clone(), token, !backends.is_empty()))
        }
        Role::Client | Role::Pair => {
            let Some(factory) = &setting.client else { return Err(failed("no client to test", &"")) };
            let targets = match (&host, &case.given.channel.backends) {
                (Some(host), _) => {
                    let server = host.address().unwrap_or_else(super::stage::any_port);
                    vec![faults.route("server", server).await.map_err(|error| failed("a fault's proxy cannot listen", &error))?]
                }
                (None, Some(names)) => names.iter().filter_map(|name| addresses.get(name)).copied().collect(),
                (None, None) => addresses.values().copied().collect(),
            };
            start_client(case, setting, stage, factory, clock, targets).await?
        }
    };
    let mut actor = Actor::new(stage, caller, host, backends);
    if let (Caller::Wire(wire), Some(host)) = (&actor.caller, &actor.host) {
        route_clients(case, wire, host, &faults).await.map_err(|error| failed("a fault's proxy cannot listen", &error))?;
        let (wire, host, faults, case) = (wire.clone(), host.clone(), faults.clone(), Rc::new(case.clone()));
        actor.on_start = Rc::new(move || {
            let (wire, host, faults, case) = (wire.clone(), host.clone(), faults.clone(), case.clone());
            Box::pin(async move {
                if let Err(error) = route_clients(&case, &wire, &host, &faults).await {
                    faults.failed(&error);
                }
            })
        });
    }
    Ok(Set { actor, faults })
}

async fn start_backends(case: &Case, stage: &Stage) -> std::io::Result<IndexMap<String, Backend>> {
    let mut given = case.given.backends.clone();
    if given.is_empty() && case.role == Role::Client {
        given.insert("a".into(), GivenBackend::default());
    }
    let mut backends = IndexMap::new();
    for (name, backend) in given {
        let backend = Backend::start(stage, &name, backend).await?;
        backends.insert(name, backend);
    }
    Ok(backends)
}

async fn start_client(
    case: &Case,
    setting: &Setting,
    stage: &Stage,
    factory: &Arc<dyn ClientFactory>,
    clock: Clock,
    targets: Vec<SocketAddr>,
) -> Result<Caller, What> {
    let (events, shown) = unbounded_channel();
    let launch = ClientLaunch { network: setting.network.clone(), clock, seed: setting.seed.derive("client"), events };
    let system = factory.start(launch).await.map_err(|error| did_not_start(&error))?;
    let config = case.given.service_config.as_ref().map(service_config_text);
    let scripted_resolver = case.needs.contains("resolver");
    Ok(Caller::Driver(DriverCaller::new(stage, system, shown, case.given.channel.clone(), config, targets, scripted_resolver)))
}

async fn route_clients(case: &Case, wire: &WireCaller, host: &Host, faults: &Faults) -> std::io::Result<()> {
    let Some(address) = host.address() else { return Ok(()) };
    wire.route(None, address);
    for fault in case.given.faults.values() {
        let through = faults.route(&fault.at, address).await?;
        if fault.at == "server" {
            wire.route(None, through);
        } else {
            wire.route(Some(&fault.at), through);
        }
    }
    Ok(())
}

async fn play(case: &Case, setting: &Setting, stage: &Stage, set: Set) {
    let Set { actor, faults } = set;
    faults.watch();
    let awaited = actor.awaited.clone();
    let done = tokio::select! {
        biased;
        () = stage.transcript().full() => Done::Spins,
        () = stage.transcript().wait(|event| matches!(event.what, What::SystemError { .. })) => Done::Failed,
        done = timeout(case.limit, actor.run(&case.when, Round::default())) => if done.is_ok() { Done::Steps } else { Done::Limit },
    };
    let awaited = || awaited.borrow().last().cloned().unwrap_or_else(|| "the end of the steps".into());
    match done {
        Done::Steps => {}
        Done::Limit => {
            stage.transcript().write(What::LimitReached { awaited: awaited() });
        }
        Done::Failed => {
            stage.transcript().write(What::CaseEnded);
            if let Some(host) = &actor.host {
                host.end();
            }
            return;
        }
        Done::Spins => {
            // time does not pass any more, so nothing else can be waited for
            stage
                .transcript()
                .write(What::LimitReached { awaited: format!("{}, while the system kept itself busy without end", awaited()) });
            stage.transcript().write(What::CaseEnded);
            return;
        }
    }
    settle(&actor, setting.virtual_time).await;
    stage.transcript().write(What::CaseEnded);
    actor.backends.values().for_each(Backend::account);
    faults.account();
    end_open_calls(&actor).await;
    faults.lift_all();
    let waits_for_ready =
        setting.client.as_ref().is_none_or(|client| client.info().features.iter().any(|feature| feature == "wait-for-ready"));
    Aftercare { case, stage, actor: &actor, waits_for_ready }.look().await;
    settle(&actor, setting.virtual_time).await;
    match &actor.host {
        Some(host) if setting.shares_server && host.has_hooks() && is_as_before(stage) => host.give_back(),
        Some(host) => host.end(),
        None => {}
    }
}

/// Whether nothing went wrong with the server, it accepted no write, nothing hung until a far deadline, and every handler that began has ended: a
/// server of which that is true can serve other cases.
fn is_as_before(stage: &Stage) -> bool {
    stage.transcript().with(|events| {
        if events.last().is_none_or(|last| last.at() >= FAR) {
            return false;
        }
        let mut running = 0;
        let mut looks = 0;
        let mut writes = BTreeSet::new();
        for event in events {
            match &event.what {
                What::CallStarted { call, method, .. } if WRITES.contains(&method.as_str()) => {
                    writes.insert(call);
                }
                What::CallEnded { call, outcome: Outcome::Status(seen) } if seen.code == 0 && writes.contains(call) => return false,
                What::Hook { line, .. } => match line.get("hook").and_then(|hook| hook.as_str()) {
                    Some("begin") => running += 1,
                    Some("end") => running -= 1,
                    _ => {}
                },
                What::Aftercare { good: true, .. } => looks += 1,
                What::Aftercare { good: false, .. }
                | What::SystemError { .. }
                | What::HarnessError { .. }
                | What::LimitReached { .. }
                | What::Owed { .. }
                | What::ProcessExited { .. } => return false,
                _ => {}
            }
        }
        running == 0 && looks > 0
    })
}

/// Methods that change what a user service holds.
const WRITES: [&str; 2] = ["/user.v1.UserService/CreateUser", "/user.v1.UserService/BatchCreateUsers"];

/// How the steps of a case ended.
enum Done {
    Steps,
    Limit,
    Spins,
    Failed,
}

/// Lets everything that has happened be seen: what is under way between tasks, and the lines that a process has written.
async fn settle(actor: &Actor, virtual_time: bool) {
    for _ in 0..SETTLE_ROUNDS {
        tokio::task::yield_now().await;
    }
    if virtual_time {
        return;
    }
    if let Caller::Driver(driver) = &actor.caller {
        // a driver that does not answer is found by its own watch
        driver.settle().await;
    }
    if let Some(host) = actor.host.as_ref().filter(|host| host.has_hooks()) {
        // handlers and lines of calls that have ended are still under way; what never comes is found by the checks
        let _ = timeout(LINES_LIMIT, last_lines(actor)).await;
        if host.is_running() {
            // the answer to a steering line comes behind every line written before
            host.steer(proofmark_record::Steered::Auth, "auth up".into()).await;
        }
    }
}

/// Waits until every call that ended has its access line, and every handler of such a call its end.
async fn last_lines(actor: &Actor) {
    let mut balance: BTreeMap<CallRef, (bool, i32, bool)> = BTreeMap::new();
    actor
        .stage
        .transcript()
        .wait_for(|event| {
            match &event.what {
                What::CallEnded { call, .. } => {
                    balance.entry(call.clone()).or_default().0 = true;
                }
                What::Hook { call: Some(call), line } => {
                    let entry = balance.entry(call.clone()).or_default();
                    match line.get("hook").and_then(|hook| hook.as_str()) {
                        Some("begin") => entry.1 += 1,
                        Some("end") => entry.1 -= 1,
                        _ => {}
                    }
                }
                What::Log { call: Some(call), line } if line.get("line").and_then(|line| line.as_str()) == Some("access") => {
                    balance.entry(call.clone()).or_default().2 = true;
                }
                _ => {}
            }
            balance.values().all(|(ended, running, logged)| !ended || (*running == 0 && *logged))
        })
        .await;
}

async fn end_open_calls(actor: &Actor) {
    let transcript = actor.stage.transcript();
    let open = transcript.open_calls();
    for call in &open {
        actor.cancel_call(call);
    }
    for call in open {
        let ended = transcript.wait(|event| matches!(&event.what, What::CallEnded { call: other, .. } if *other == call));
        // a call that does not end is found by the standing check `ended-once`
        let _ = timeout(CANCEL_LIMIT, ended).await;
    }
}

/// The standing check `aftercare`: is the system as good as before?
struct Aftercare<'a> {
    case: &'a Case,
    stage: &'a Stage,
    actor: &'a Actor,
    /// Whether the client can hold a call back until it has a connection.
    waits_for_ready: bool,
}

impl Aftercare<'_> {
    async fn look(&self) {
        let failed = self.stage.transcript().with(|events| {
            events.iter().any(|event| {
                matches!(
                    event.what,
                    What::ChannelRefused { .. } | What::SystemError { .. } | What::HarnessError { .. } | What::LimitReached { .. }
                )
            })
        });
        if failed || self.config_is_no_good() {
            return;
        }
        match &self.actor.caller {
            Caller::Wire(wire) => self.look_at_server(wire).await,
            // a client without a server has nobody to show that it is well
            Caller::Driver(driver) if self.actor.host.as_ref().is_none_or(|host| host.is_running() && !host.exit_is_asked()) => {
                self.look_at_client(driver).await;
            }
            Caller::Driver(_) => {}
        }
    }

    /// A channel whose config is refused at each call serves none afterwards either.
    fn config_is_no_good(&self) -> bool {
        let reached = || self.stage.transcript().with(|events| events.iter().any(|event| matches!(event.what, What::AttemptBegan(_))));
        self.case.given.service_config.is_some() && self.case.role == Role::Client && !reached()
    }

    async fn look_at_server(&self, wire: &WireCaller) {
        let Some(host) = self.actor.host.as_ref().filter(|host| host.is_running() && !host.exit_is_asked()) else { return };
        if host.has_hooks() && uses_steering(&self.case.when) {
            self.undo_steering(host).await;
        }
        self.actor.backends.values().for_each(Backend::tame);
        if let Some(address) = host.address() {
            wire.unroute();
            wire.route(None, address);
        }
        let good = |manners: &Manners| *manners == Manners::default();
        let live = wire.live().into_iter().find(|conn| !conn.is_leaving() && good(conn.manners()) && conn.is_ready());
        if let Some(conn) = live.filter(|_| self.case.given.faults.is_empty()) {
            self.plain_call("the same connection", Some(conn.peer().to_owned())).await;
        }
        if wire.connect_well("aftercare").await.is_some() {
            self.plain_call("a fresh connection", Some("aftercare".into())).await;
        } else {
            self.saw("a fresh connection", "refused".into(), false);
        }
    }

    async fn undo_steering(&self, host: &Host) {
        use proofmark_record::Steered;
        host.steer(Steered::Store, "store up".into()).await;
        host.steer(Steered::Auth, "auth up".into()).await;
        for service in ["\"\"", "user.v1.UserService"] {
            host.steer(Steered::Health, format!("health {service} AUTO")).await;
        }
    }

    async fn look_at_client(&self, driver: &DriverCaller) {
        let mut has_closed = false;
        for backend in self.actor.backends.values() {
            backend.tame();
            if let Some(conn) = backend.conn(None) {
                let manners = conn.manners();
                let bad = manners.grants_window != Grants::AsRead || manners.reads != Reads::Always || manners.handshake != Handshake::Full;
                if bad || *manners != Manners::default() {
                    conn.close(Default::default());
                    has_closed = true;
                }
            }
        }
        if let Some(via) = driver.channels().into_iter().next() {
            if has_closed {
                // a call that leaves before the client has seen the end of the connection may fail for that
                self.call_plainly(Some(via.clone())).await;
            }
            self.plain_call("the same channel", Some(via)).await;
        }
        self.plain_call("a fresh channel", Some("aftercare".into())).await;
    }

    async fn plain_call(&self, on: &str, via: Option<String>) {
        let hooks = self.actor.host.as_ref().is_none_or(Host::has_hooks);
        match self.call_patiently(via).await {
            Some(Outcome::Status(status)) => {
                let good = status.code == 0 || (!hooks && !status.synthetic);
                self.saw(on, format!("{} {}", proofmark_wire::StatusCode(status.code), status.message).trim().to_owned(), good);
            }
            Some(other) => self.saw(on, format!("{other:?}"), false),
            None => self.saw(on, "no end of the call".into(), false),
        }
    }

    /// A client that cannot wait for a connection is asked again while it comes back.
    async fn call_patiently(&self, via: Option<String>) -> Option<Outcome> {
        let asked_since = Instant::now();
        loop {
            let outcome = self.call_plainly(via.clone()).await;
            let comes_back = matches!(&outcome, Some(Outcome::Status(status)) if status.code == proofmark_wire::StatusCode::UNAVAILABLE.0);
            if self.waits_for_ready || !comes_back || asked_since.elapsed() > RECONNECT_LIMIT {
                return outcome;
            }
            sleep(RECONNECT_STEP).await;
        }
    }

    async fn call_plainly(&self, via: Option<String>) -> Option<Outcome> {
        let transcript = self.stage.transcript();
        let call = transcript.next_call(AFTERCARE);
        let given = plain(via.as_deref(), self.waits_for_ready);
        match &self.actor.caller {
            Caller::Wire(wire) => wire.start(call.clone(), given, via, Round::default(), Default::default()),
            Caller::Driver(driver) => driver.start(call.clone(), given, via, Round::default(), Default::default()),
        }
        let outcome: RefCell<Option<Outcome>> = RefCell::default();
        let ended = transcript.wait(|event| match &event.what {
            What::CallEnded { call: other, outcome: seen } if *other == call => {
                outcome.replace(Some(seen.clone()));
                true
            }
            What::SystemError { .. } => true,
            _ => false,
        });
        let _ = timeout(AFTERCARE_LIMIT, ended).await;
        outcome.into_inner()
    }

    fn saw(&self, what: &str, observed: String, good: bool) {
        self.stage.transcript().write(What::Aftercare { what: what.to_owned(), observed, good });
    }
}

/// A plain call.
fn plain(via: Option<&str>, waits_for_ready: bool) -> Call {
    Call {
        name: AFTERCARE.to_owned(),
        operation: Operation::Unary,
        via: via.and_then(|via| Template::parse(via).ok()).map(Via::Named),
        deadline: Some(AFTERCARE_DEADLINE),
        wait_for_ready: waits_for_ready.then_some(true),
        metadata: Default::default(),
        request: None,
        steps: None,
        wire: None,
    }
}

/// Whether a call belongs to the harness and not to the case.
pub fn is_aftercare(call: &CallRef) -> bool {
    call.name == AFTERCARE
}

/// Whether a case starts its server by itself.
pub fn starts_system(steps: &[Step]) -> bool {
    any_step(steps, &|step| matches!(step, Step::System(SystemAct::Start)))
}

fn uses_steering(steps: &[Step]) -> bool {
    any_step(steps, &|step| matches!(step, Step::Health(_) | Step::Store(_) | Step::Auth(_)))
}

/// Whether a step, or one inside it, is of a kind.
pub fn any_step(steps: &[Step], wanted: &dyn Fn(&Step) -> bool) -> bool {
    steps.iter().any(|step| {
        wanted(step)
            || match step {
                Step::Repeat(repeat) => any_step(&repeat.steps, wanted),
                Step::Together(lanes) => lanes.values().any(|steps| any_step(steps, wanted)),
                _ => false,
            }
    })
}

fn measure_lag(stage: &Stage, virtual_time: bool) -> Rc<Cell<u64>> {
    let lag = Rc::new(Cell::new(0));
    if !virtual_time {
        let seen = lag.clone();
        stage.tasks().spawn(async move {
            loop {
                let before = Instant::now();
                sleep(LAG_STEP).await;
                let late = before.elapsed().saturating_sub(LAG_STEP);
                seen.set(seen.get().max(late.as_nanos() as u64));
            }
        });
    }
    lag
}

const AFTERCARE: &str = "aftercare";
const AFTERCARE_DEADLINE: Duration = Duration::from_secs(150);
const AFTERCARE_LIMIT: Duration = Duration::from_secs(160);
/// How long a client may take to connect again, and how often it is asked.
const RECONNECT_LIMIT: Duration = Duration::from_secs(20);
const RECONNECT_STEP: Duration = Duration::from_millis(200);
const CANCEL_LIMIT: Duration = Duration::from_secs(5);
const LAG_STEP: Duration = Duration::from_millis(5);
/// How long lines of a process may be under way.
const LINES_LIMIT: Duration = Duration::from_millis(200);
/// More turns than any chain of tasks is long.
const SETTLE_ROUNDS: usize = 32;
