//! What a run tests: the reference, systems known by name, and whatever a command line or an address leads to.

use std::collections::BTreeSet;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use proofmark_engine::profile::Profile;
use proofmark_engine::run::execute::Target;
use proofmark_engine::system::address::{self, AddressServer};
#[cfg(feature = "containers")]
use proofmark_engine::system::container::ContainerServer;
use proofmark_engine::system::driver::DriverProcess;
use proofmark_engine::system::probe::probe;
use proofmark_engine::system::process::{Idle, ProcessServer};
use proofmark_lineup::killers;
use proofmark_lineup::reference_client::{FEATURES, ReferenceClient};
use proofmark_lineup::reference_server::{self, ReferenceServer};
use proofmark_record::CaseResult;
use proofmark_system::{ClientFactory, ServerFactory, StartError, Tier};

use crate::args::{RoleArg, RunArgs, SYSTEMS};
use crate::containers;
use crate::context::Context;
use crate::select::Suites;
use crate::systems::deviations::Deviations;
use crate::systems::{Registry, System, manifest};

/// Why there is nothing to test.
pub(crate) enum Unready {
    Usage(anyhow::Error),
    NotReady(anyhow::Error),
}

impl From<Unready> for anyhow::Error {
    fn from(unready: Unready) -> Self {
        match unready {
            Unready::Usage(error) | Unready::NotReady(error) => error,
        }
    }
}

/// A target, and what is known of it.
pub(crate) struct Tested {
    pub(crate) target: Target,
    pub(crate) known: Deviations,
    /// Its client is tested by itself, too.
    pub(crate) client_alone: bool,
    /// The flags of `run` that name it, if it takes any.
    pub(crate) flags: String,
}

impl Tested {
    fn new(target: Target, flags: String) -> Self {
        Self { target, known: Deviations::default(), client_alone: true, flags }
    }

    /// Adds what is known about a case here, and the command line that repeats it.
    pub(crate) fn note(&self, case: &mut CaseResult) {
        case.overlay = self.known.overlay(case);
        let words = ["proofmark run", &case.id, &self.flags, "--seed", &case.seed];
        case.replay = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    }
}

pub(crate) fn targets(args: &RunArgs, context: &Context, suites: &Suites, scratch: &Path) -> Result<Vec<Tested>, Unready> {
    let mut targets = Vec::new();
    let others = [&args.server_cmd, &args.driver_cmd, &args.address].iter().any(|list| !list.is_empty())
        || !args.system.is_empty()
        || !args.container.is_empty();
    if args.reference || !others {
        let flags = args.killer.as_ref().map(|killer| format!("--killer {killer}")).unwrap_or_default();
        targets.push(Tested::new(reference(args.killer.as_deref()).map_err(Unready::Usage)?, flags));
    } else if args.killer.is_some() {
        return Err(Unready::Usage(anyhow!(
            "--killer puts a variant in the reference's place, and no reference takes part; add --reference"
        )));
    }
    for (number, command) in args.server_cmd.iter().enumerate() {
        let name = if args.server_cmd.len() > 1 { format!("process-{}", number + 1) } else { "process".to_owned() };
        let server = process(&name, command, args, context, scratch).map_err(Unready::Usage)?;
        targets.push(Tested::new(probed(server, Tier::Process, suites, scratch)?, format!("--server-cmd {}", quoted(command))));
    }
    for (number, command) in args.driver_cmd.iter().enumerate() {
        let name = if args.driver_cmd.len() > 1 { format!("driver-{}", number + 1) } else { "driver".to_owned() };
        let words = words(command, "--driver-cmd").map_err(Unready::Usage)?;
        let driver = introduced(DriverProcess::new(name.clone(), words, context.supervisor.clone()))?;
        targets.push(Tested::new(with_driver(empty(name), driver), format!("--driver-cmd {}", quoted(command))));
    }
    if !args.system.is_empty() {
        let registry = Registry::load(&args.systems).map_err(Unready::Usage)?;
        for name in &args.system {
            let system = registry.find(name).map_err(Unready::Usage)?;
            let known = Deviations::read(&system.home, suites).map_err(Unready::Usage)?;
            let elsewhere = if args.systems == Path::new(SYSTEMS) {
                String::new()
            } else {
                format!(" --systems {}", quoted(&args.systems.to_string_lossy()))
            };
            let flags = format!("--system {}{elsewhere}", system.name);
            targets.push(Tested { known, ..Tested::new(named(&system, args.selection.role, context, scratch)?, flags) });
        }
    }
    let complain = |text: &str| context.complain(text);
    targets.extend(containers::tested(args, suites, scratch, &complain).map_err(Unready::NotReady)?);
    for text in &args.address {
        let server = address_server(text).map_err(Unready::Usage)?;
        let hostile = args.hostile || server.address.ip().is_loopback();
        address::check(server.address).map_err(|error| Unready::NotReady(error.into()))?;
        let mut target = probed(server, Tier::Address, suites, scratch)?;
        if hostile {
            target.features.insert("hostile".into());
        }
        targets.push(Tested::new(target, format!("--address {text}")));
    }
    Ok(targets)
}

fn reference(killer: Option<&str>) -> Result<Target> {
    let Some(name) = killer else {
        return Ok(in_process("reference", Arc::new(ReferenceClient::new()), Arc::new(ReferenceServer::new())));
    };
    let all = killers::all();
    let Some(killer) = all.iter().find(|killer| killer.name == name) else {
        bail!("there is no killer `{name}`; `proofmark killers --list` shows all {}", all.len());
    };
    Ok(in_process(name, killer.client(), killer.server()))
}

/// Both ends of the reference, or of a variant of it.
pub(crate) fn in_process(name: &str, client: Arc<dyn ClientFactory>, server: Arc<dyn ServerFactory>) -> Target {
    let mut features: BTreeSet<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    features.extend(reference_server::features());
    Target { name: name.to_owned(), client: Some(client), server: Some(server), tier: Tier::InProcess, features, profile: Profile::User }
}

fn empty(name: String) -> Target {
    Target { name, client: None, server: None, tier: Tier::Process, features: BTreeSet::new(), profile: Profile::User }
}

fn with_driver(mut target: Target, driver: DriverProcess) -> Target {
    target.features.extend(["driver", "hostile"].map(str::to_owned));
    target.features.extend(driver.info().features);
    target.client = Some(Arc::new(driver));
    target
}

/// Asks a driver who it is.
pub(crate) fn introduced(driver: DriverProcess) -> Result<DriverProcess, Unready> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unready::NotReady(StartError::Failed(format!("no runtime: {error}")).into()))?;
    runtime.block_on(driver.introduce()).map_err(|error| Unready::NotReady(error.into()))
}

/// A system of the registry, as it was built: both ends, or the server alone where no case asks for more.
fn named(system: &System, role: Option<RoleArg>, context: &Context, scratch: &Path) -> Result<Target, Unready> {
    let release = system.built().map_err(Unready::Usage)?;
    let mut target = empty(system.name.to_string());
    if let Some(server) = server_of(system, &release, context, scratch) {
        target.features.extend(server.features.iter().cloned());
        target.server = Some(Arc::new(server));
        target.profile = system.manifest.server.as_ref().map(manifest::Server::profile).unwrap_or_default();
    }
    match driver_of(system, context).filter(|_| role != Some(RoleArg::Server)) {
        Some(driver) => Ok(with_driver(target, introduced(driver)?)),
        None => Ok(target),
    }
}

/// The server that a system's manifest names.
pub(crate) fn server_of(system: &System, release: &str, context: &Context, scratch: &Path) -> Option<ProcessServer> {
    let server = system.manifest.server.as_ref()?;
    let mut features: BTreeSet<String> = server.unlocks().collect();
    features.extend(PROCESS_FEATURES.map(str::to_owned));
    Some(ProcessServer {
        name: system.name.to_string(),
        version: format!("{} {release}", system.manifest.library),
        command: system.words(&server.run),
        supervisor: context.supervisor.clone(),
        features,
        ready_limit: server.ready,
        scratch: scratch.to_owned(),
        idle: Idle::default(),
    })
}

/// The driver that a system's manifest names.
pub(crate) fn driver_of(system: &System, context: &Context) -> Option<DriverProcess> {
    let driver = system.manifest.driver.as_ref()?;
    Some(DriverProcess::new(system.name.to_string(), system.words(&driver.run), context.supervisor.clone()))
}

fn process(name: &str, command: &str, args: &RunArgs, context: &Context, scratch: &Path) -> Result<ProcessServer> {
    Ok(ProcessServer {
        name: name.to_owned(),
        version: "unknown".into(),
        command: words(command, "--server-cmd")?,
        supervisor: context.supervisor.clone(),
        features: BTreeSet::new(),
        ready_limit: Duration::from_secs(args.ready_limit),
        scratch: scratch.to_owned(),
        idle: Idle::default(),
    })
}

fn address_server(text: &str) -> Result<AddressServer> {
    let mut found =
        text.to_socket_addrs().map_err(|error| anyhow!("`{text}` is no address: {error}; wanted is HOST:PORT such as 127.0.0.1:50051"))?;
    let Some(address) = found.next() else { bail!("`{text}` has no address") };
    Ok(AddressServer { name: text.to_owned(), address, features: BTreeSet::new() })
}

/// A server of which it is not known yet what it has.
pub(crate) trait Probed: ServerFactory + Clone + 'static {
    fn with(self, features: BTreeSet<String>) -> Self;
}

impl Probed for ProcessServer {
    fn with(self, features: BTreeSet<String>) -> Self {
        Self { features, ..self }
    }
}

#[cfg(feature = "containers")]
impl Probed for ContainerServer {
    fn with(self, features: BTreeSet<String>) -> Self {
        Self { features, ..self }
    }
}

impl Probed for AddressServer {
    fn with(self, features: BTreeSet<String>) -> Self {
        Self { features, ..self }
    }
}

/// A target whose features are what a probe saw, and what its tier gives.
pub(crate) fn probed(server: impl Probed, tier: Tier, suites: &Suites, scratch: &Path) -> Result<Target, Unready> {
    let name = server.info().name;
    let seen = probe(Arc::new(server.clone()), scratch, &suites.catalogue).map_err(|error| Unready::NotReady(error.into()))?;
    let mut features = seen.features();
    if tier == Tier::Process {
        features.extend(PROCESS_FEATURES.map(str::to_owned));
    }
    let server = server.with(features.clone());
    Ok(Target { name, client: None, server: Some(Arc::new(server)), tier, features, profile: seen.profile() })
}

pub(crate) fn words(command: &str, flag: &str) -> Result<Vec<String>> {
    let words = split(command)?;
    if words.is_empty() {
        bail!("{flag} is empty; wanted is a command line such as 'target/release/my-server --port $PORT'");
    }
    Ok(words)
}

/// Splits a command line into words: blanks separate, quotes keep together, a backslash takes the next character as it is.
/// A word as a shell wants it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn split(command: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        bail!("the quotes in `{command}` are not closed");
    }
    words.extend(word);
    Ok(words)
}

/// What every server has that we start.
const PROCESS_FEATURES: [&str; 3] = ["process", "restart", "hostile"];

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_split_as_a_shell_would() {
        assert_eq!(split("serve --name 'a b'  \"c d\" e\\ f").unwrap(), ["serve", "--name", "a b", "c d", "e f"]);
        assert!(split("serve 'open").is_err());
        assert_eq!(split("  ").unwrap(), Vec::<String>::new());
    }
}
