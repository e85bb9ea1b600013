//! `proofmark doctor`: can this be tested? Says what is wrong in words.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use proofmark_engine::run::execute::Stopwatch;
use proofmark_engine::system::driver::DriverProcess;
use proofmark_engine::system::kit::{self, Look};
use proofmark_engine::system::probe::probe;
use proofmark_engine::system::process::ProcessServer;
use proofmark_lineup::reference_server::ReferenceServer;
use proofmark_system::{ServerEvent, ServerFactory, ServerLaunch, ServerSystem, Signal, StoreSlot};
use proofmark_transport::clock::timeout;
use proofmark_transport::{Clock, Seed, TcpNetwork};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::args::DoctorArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::run_parts::scratch::Scratch;
use crate::select::Suites;
use crate::systems::build::{missing_tools, version_of};
use crate::systems::{Registry, System, SystemName};
use crate::targets::{driver_of, server_of, words};

pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let mut doctor = Doctor { context, runtime, wrong: 0 };
    if let Some(command) = &args.driver_cmd {
        doctor.driver(DriverProcess::new("driver".into(), words(command, "--driver-cmd")?, context.supervisor.clone()))?;
        return Ok(doctor.exit());
    }
    let registry = Registry::load(&args.systems)?;
    let names: Vec<SystemName> = if args.names.is_empty() { registry.names().collect() } else { args.names.clone() };
    let suites = Suites::load()?;
    let scratch = Scratch::create(context)?;
    for name in &names {
        doctor.system(&registry.find(name)?, &suites, scratch.path())?;
    }
    Ok(doctor.exit())
}

struct Doctor<'a> {
    context: &'a Context,
    runtime: Runtime,
    wrong: usize,
}

impl Doctor<'_> {
    fn exit(&self) -> Exit {
        if self.wrong == 0 {
            self.context.say("everything is in order");
            return Exit::Conforms;
        }
        let are = if self.wrong == 1 { "thing is" } else { "things are" };
        self.context.say(&format!("{} {are} wrong", self.wrong));
        Exit::Fails
    }

    fn good(&self, what: &str, seen: &str) {
        self.context.say(format!("  ok     {what:<44} {seen}").trim_end());
    }

    fn bad(&mut self, what: &str, why: &str) {
        self.wrong += 1;
        self.context.say(&format!("  wrong  {what:<44} {why}"));
    }

    fn system(&mut self, system: &System, suites: &Suites, scratch: &Path) -> Result<()> {
        self.context.say(&format!("{}, {} with {}", system.name, system.manifest.language, system.manifest.library));
        for tool in &system.manifest.tools {
            match version_of(&tool.run) {
                Ok(version) => self.good("tool", &version),
                Err(error) => self.bad("tool", &format!("{error:#}; install {}", tool.install)),
            }
        }
        let release = match system.built() {
            Ok(release) => release,
            Err(error) => {
                self.bad("built", &format!("{error}; {}", missing_tools(system)));
                return Ok(());
            }
        };
        self.good("built", &release);
        if let Some(server) = server_of(system, &release, self.context, scratch) {
            self.server(server, suites, scratch)?;
        }
        if let Some(driver) = driver_of(system, self.context) {
            self.driver(driver)?;
        }
        Ok(())
    }

    fn server(&mut self, server: ProcessServer, suites: &Suites, scratch: &Path) -> Result<()> {
        let declared = server.features.clone();
        match probe(Arc::new(server.clone()), scratch, &suites.catalogue) {
            Err(error) => {
                self.bad("server: start and plain calls", &error.to_string());
                return Ok(());
            }
            Ok(seen) => {
                self.good("server: start and plain calls", "");
                let seen = seen.features();
                for name in ["hooks", "log", "spans", "operation:check", "operation:rpc"] {
                    match (declared.contains(name), seen.contains(name)) {
                        (true, false) => self.bad(
                            "server: features",
                            &format!("the manifest declares what gives `{name}`, and a plain call did not show it"),
                        ),
                        (false, true) => {
                            self.bad("server: features", &format!("a plain call showed `{name}`, which the manifest does not declare"));
                        }
                        _ => {}
                    }
                }
            }
        }
        let stopwatch = Stopwatch::start();
        let ended = self.runtime.block_on(async {
            let (mut running, mut events) = started(&server).await?;
            running.signal(Signal::Term);
            anyhow::Ok(timeout(SHUTDOWN_LIMIT, exit_status(&mut events)).await.ok().flatten())
        })?;
        match ended {
            Some(0) => self.good("server: SIGTERM", &format!("exit 0, {:.0} ms after its start began", stopwatch.millis())),
            Some(status) => self.bad("server: SIGTERM", &format!("it ended with status {status}; an idle server ends with 0")),
            None => self.bad(
                "server: SIGTERM",
                &format!("an idle server did not end by itself within {SHUTDOWN_LIMIT:?}; is the command a shell that keeps the signal?"),
            ),
        }
        Ok(())
    }

    fn driver(&mut self, driver: DriverProcess) -> Result<()> {
        let driver = match self.runtime.block_on(driver.introduce()) {
            Ok(driver) => driver,
            Err(error) => {
                self.bad("driver: describe", &error.to_string());
                return Ok(());
            }
        };
        let described = &driver.described;
        self.good(
            "driver: describe",
            &format!("{} {}, {} features", described.library, described.library_version, described.features.len()),
        );
        let looks = self.runtime.block_on(kit::canaries(&driver));
        self.show(looks);
        let looks = self.runtime.block_on(async {
            let server = ReferenceServer::new();
            let (running, _events) = started(&server).await?;
            anyhow::Ok(kit::calls(&driver, running.address()).await)
        })?;
        self.show(looks);
        Ok(())
    }

    fn show(&mut self, looks: Result<Vec<Look>, proofmark_system::StartError>) {
        match looks {
            Err(error) => self.bad("driver", &error.to_string()),
            Ok(looks) => {
                for look in looks {
                    let what = format!("driver: {}", look.what);
                    match look.wrong {
                        None => self.good(&what, ""),
                        Some(wrong) => self.bad(&what, &wrong),
                    }
                }
            }
        }
    }
}

async fn started(server: &dyn ServerFactory) -> Result<(Box<dyn ServerSystem>, UnboundedReceiver<ServerEvent>)> {
    let (events, shown) = unbounded_channel();
    let launch = ServerLaunch {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        network: Arc::new(TcpNetwork),
        clock: Clock::system(),
        seed: Seed::draw(),
        settings: Default::default(),
        hooks: vec!["users=1".into()],
        upstream: Vec::new(),
        tokens: Vec::new(),
        shareable: false,
        store: StoreSlot::default(),
        events,
    };
    Ok((server.start(launch).await?, shown))
}

async fn exit_status(events: &mut UnboundedReceiver<ServerEvent>) -> Option<i32> {
    while let Some(event) = events.recv().await {
        if let ServerEvent::Exited { status } = event {
            return status;
        }
    }
    None
}

const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);
