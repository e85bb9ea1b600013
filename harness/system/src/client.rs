//! Client systems.

use std::fmt::Debug;
use std::sync::Arc;

use proofmark_api::driver::{Command, Event};
use proofmark_transport::{BoxFuture, Clock, Network, Seed};
use tokio::sync::mpsc::UnboundedSender;

use crate::StartError;

/// Starts one client system as often as it is needed.
pub trait ClientFactory: Send + Sync + Debug {
    /// Who it is.
    fn info(&self) -> ClientInfo;

    /// Starts it. Dropping what this gives ends it with everything it opened.
    fn start(&self, launch: ClientLaunch) -> BoxFuture<'_, Result<Box<dyn ClientSystem>, StartError>>;

    /// Lets clients end that wait for another case.
    fn rest(&self) {}
}

/// A running client system.
pub trait ClientSystem: Send + Debug {
    /// Takes a command. Never waits; the answer comes as an event.
    fn command(&mut self, command: Command);
}

/// Who a client system is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// Its name in reports.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Features of the driver protocol, section 4.
    pub features: Vec<String>,
}

/// What a client system is started with.
#[derive(Clone, Debug)]
pub struct ClientLaunch {
    /// How it connects.
    pub network: Arc<dyn Network>,
    /// Its time.
    pub clock: Clock,
    /// Its chance.
    pub seed: Seed,
    /// Where its events go.
    pub events: UnboundedSender<ClientEvent>,
}

/// What a client system shows.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// An event of the driver protocol.
    Shown(Event),
    /// A line of its standard error.
    Stderr(Vec<u8>),
    /// It broke the protocol, hung or ended; nothing more comes.
    Failed(String),
}
