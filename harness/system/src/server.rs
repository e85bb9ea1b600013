//! Server systems.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proofmark_transport::{BoxFuture, Clock, Network, Seed};
use tokio::sync::mpsc::UnboundedSender;

use crate::{StartError, Tier};

/// Starts one server system as often as it is needed.
pub trait ServerFactory: Send + Sync + Debug {
    /// Who it is.
    fn info(&self) -> ServerInfo;

    /// Starts it and waits until it can be reached. Dropping what this gives ends it at once, with everything it started.
    fn start(&self, launch: ServerLaunch) -> BoxFuture<'_, Result<Box<dyn ServerSystem>, StartError>>;

    /// Lets servers end that wait for another case.
    fn rest(&self) {}
}

/// A running server system.
pub trait ServerSystem: Send + Debug {
    /// Where it can be reached.
    fn address(&self) -> SocketAddr;

    /// Its process, where it has one of its own.
    fn pid(&self) -> Option<u32>;

    /// Sends a signal.
    fn signal(&mut self, signal: Signal);

    /// Ends when every signal so far has been delivered; at once where sending is delivering.
    fn delivered(&mut self) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }

    /// Writes a steering line (driver protocol, section 8).
    fn steer(&mut self, line: &str);

    /// Whether it has served other cases before this one.
    fn served_before(&self) -> bool {
        false
    }

    /// Gives it back for other cases, where its factory keeps servers; otherwise it ends.
    fn give_back(self: Box<Self>) {}
}

/// Who a server system is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// Its name in reports.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the user brings.
    pub tier: Tier,
    /// What it has: `hooks`, `process`, `restart`, `gateway`, `log`, `spans`, `setting:<key>`...
    pub features: BTreeSet<String>,
}

/// What a server system is started with.
#[derive(Clone, Debug)]
pub struct ServerLaunch {
    /// Where it listens; port 0 is a free one.
    pub listen: SocketAddr,
    /// How it listens and connects.
    pub network: Arc<dyn Network>,
    /// Its time.
    pub clock: Clock,
    /// Its chance.
    pub seed: Seed,
    /// Settings by the keys of the case language, as text.
    pub settings: BTreeMap<String, String>,
    /// Start options of the test hooks: `store=down`, `users=250`.
    pub hooks: Vec<String>,
    /// Where a gateway asks.
    pub upstream: Vec<SocketAddr>,
    /// Tokens that are good; none: auth is off.
    pub tokens: Vec<Token>,
    /// The case leaves the server as it found it, so that one that served such cases before will do.
    pub shareable: bool,
    /// The store, the same for all starts of a case.
    pub store: StoreSlot,
    /// Where its events go.
    pub events: UnboundedSender<ServerEvent>,
}

/// A bearer token of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// Whom it stands for.
    pub subject: String,
    /// How long it is good, from the start of the case; already over for an expired one.
    pub good_for: Option<Duration>,
}

/// Where a store lives that outlives its server. Clones are the same store.
#[derive(Clone, Default)]
pub struct StoreSlot {
    /// For servers with a disk.
    pub path: Option<PathBuf>,
    /// For servers in process: whatever they keep.
    pub memory: Arc<Mutex<Option<Box<dyn Any + Send>>>>,
}

impl Debug for StoreSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSlot").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A signal to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
}

/// What a server shows.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerEvent {
    /// A hook line, as JSON.
    Hook(serde_json::Value),
    /// An access, error or span line, as JSON.
    Log(serde_json::Value),
    /// Any other line of its standard error.
    Stderr(Vec<u8>),
    /// It ended. The status is absent where a signal ended it.
    Exited {
        /// The exit status.
        status: Option<i32>,
    },
}
