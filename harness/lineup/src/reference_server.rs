//! The reference user service as a server system, in process.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use proofmark_service::gateway::ChannelUpstream;
use proofmark_service::policy::Policies;
use proofmark_service::store::MemorySlot;
use proofmark_service::{Environment, HooksConfig, Lines, Settings, StoreConfig, Token};
use proofmark_system::{ServerEvent, ServerFactory, ServerInfo, ServerLaunch, ServerSystem, Signal, StartError, Tier};
use proofmark_transport::{BoxFuture, Network};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use crate::reference_client::WrapNetwork;

/// Makes [`Policies`] for one start of the server.
pub type MakePolicies = Arc<dyn Fn() -> Policies + Send + Sync>;

/// The reference user service, or a variant of it.
#[derive(Clone)]
pub struct ReferenceServer {
    name: String,
    policies: MakePolicies,
    wrap: WrapNetwork,
}

impl ReferenceServer {
    /// The reference itself.
    pub fn new() -> Self {
        Self { name: "reference".into(), policies: Arc::new(Policies::default), wrap: Arc::new(|network| network) }
    }

    /// A variant with other policies, or behind another network.
    pub fn variant(name: &str, policies: MakePolicies, wrap: WrapNetwork) -> Self {
        Self { name: name.to_owned(), policies, wrap }
    }
}

impl Default for ReferenceServer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ReferenceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferenceServer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What it has in process.
pub fn features() -> BTreeSet<String> {
    let names = [
        "hooks",
        "process",
        "restart",
        "gateway",
        "log",
        "spans",
        "hostile",
        "virtual-time",
        "operation:*",
        "setting:users",
        "setting:state",
        "setting:auth",
        "setting:reflection",
    ];
    let settings = proofmark_service::settings::KEYS.iter().map(|key| format!("setting:{key}"));
    names.into_iter().map(str::to_owned).chain(settings).collect()
}

impl ServerFactory for ReferenceServer {
    fn info(&self) -> ServerInfo {
        ServerInfo { name: self.name.clone(), version: env!("CARGO_PKG_VERSION").into(), tier: Tier::InProcess, features: features() }
    }

    fn start(&self, launch: ServerLaunch) -> BoxFuture<'_, Result<Box<dyn ServerSystem>, StartError>> {
        Box::pin(async move { self.launch(launch).await })
    }
}

impl ReferenceServer {
    async fn launch(&self, launch: ServerLaunch) -> Result<Box<dyn ServerSystem>, StartError> {
        let failed = |error: &dyn std::fmt::Display| StartError::Failed(format!("the reference service does not start: {error}"));
        let settings = Settings::from_map(&launch.settings).map_err(|error| failed(&error))?;
        let hooks = HooksConfig::parse(launch.hooks.iter().map(String::as_str)).map_err(|error| failed(&error))?;
        let network = (self.wrap)(launch.network.clone());
        let environment = Environment {
            network: network.clone(),
            clock: launch.clock.clone(),
            seed: launch.seed,
            lines: Arc::new(EventLines(launch.events.clone())),
            policies: (self.policies)(),
            store: StoreConfig::Memory(slot(&launch)),
            test_hooks: Some(hooks),
            tokens: tokens(&launch),
            upstream: upstream(&launch, network).map_err(|error| failed(&error))?,
            panic_stacks: false,
        };
        let server = Arc::new(proofmark_service::start(settings, environment, launch.listen).await.map_err(|error| failed(&error))?);
        let (waiting, events) = (server.clone(), launch.events.clone());
        let waiter = tokio::spawn(async move {
            let status = waiting.wait_exit().await;
            // the case is over where nobody listens
            let _ = events.send(ServerEvent::Exited { status: Some(i32::from(status.0)) });
        });
        Ok(Box::new(Running { address: server.address(), server: Some(server), events: launch.events, waiter: waiter.abort_handle() }))
    }
}

/// The memory that all starts of a case share.
fn slot(launch: &ServerLaunch) -> MemorySlot {
    let mut memory = launch.store.memory.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = memory.as_ref().and_then(|kept| kept.downcast_ref::<MemorySlot>()).cloned();
    kept.unwrap_or_else(|| {
        let slot = MemorySlot::default();
        memory.replace(Box::new(slot.clone()));
        slot
    })
}

fn tokens(launch: &ServerLaunch) -> Option<Vec<Token>> {
    let expires = |token: &proofmark_system::Token| token.good_for.map(|good_for| launch.clock.wall() + good_for);
    let list: Vec<Token> = launch
        .tokens
        .iter()
        .map(|token| Token { token: token.token.clone(), subject: token.subject.clone(), expires: expires(token) })
        .collect();
    (!list.is_empty()).then_some(list)
}

fn upstream(
    launch: &ServerLaunch,
    network: Arc<dyn Network>,
) -> Result<Option<Arc<dyn proofmark_service::Upstream>>, proofmark_client::OpenFailed> {
    if launch.upstream.is_empty() {
        return Ok(None);
    }
    let upstream = ChannelUpstream::open(network, launch.clock.clone(), launch.seed.derive("upstream"), launch.upstream.clone())?;
    Ok(Some(Arc::new(upstream)))
}

#[derive(Debug)]
struct EventLines(UnboundedSender<ServerEvent>);

impl Lines for EventLines {
    fn hook(&self, line: serde_json::Value) {
        let _ = self.0.send(ServerEvent::Hook(line));
    }

    fn log(&self, line: serde_json::Value) {
        let _ = self.0.send(ServerEvent::Log(line));
    }
}

struct Running {
    address: SocketAddr,
    server: Option<Arc<proofmark_service::Server>>,
    events: UnboundedSender<ServerEvent>,
    waiter: AbortHandle,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl ServerSystem for Running {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> Option<u32> {
        None
    }

    fn signal(&mut self, signal: Signal) {
        let Some(server) = &self.server else { return };
        match signal {
            Signal::Term => server.signal(proofmark_service::Signal::Term),
            Signal::Int => server.signal(proofmark_service::Signal::Int),
            Signal::Kill => {
                self.waiter.abort();
                self.server = None;
                let _ = self.events.send(ServerEvent::Exited { status: None });
            }
            // needs a process of its own; no case asks for it in process
            Signal::Stop | Signal::Continue => {}
        }
    }

    fn steer(&mut self, line: &str) {
        if let Some(server) = &self.server {
            // a line that is refused shows by the `done` that never comes
            let _ = server.steer(line);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.waiter.abort();
    }
}
