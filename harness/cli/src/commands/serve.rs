//! `proofmark serve`: the reference user service on real sockets.

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};
use proofmark_service::gateway::ChannelUpstream;
use proofmark_service::{Calling, Environment, HooksConfig, Lines, MemorySlot, Server, Settings, Signal, StoreConfig, Token, Upstream};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{LogFormat, ServeArgs};
use crate::context::Context;
use crate::exit::Exit;

pub(crate) fn run(args: &ServeArgs, context: &Context) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(serve(args, context))?;
    runtime.shutdown_background();
    std::process::exit(i32::from(exit));
}

async fn serve(args: &ServeArgs, context: &Context) -> Result<u8> {
    let listen = listen_address(args)?;
    let settings = settings(args)?;
    let environment = environment(args)?;
    environment.check(listen, args.no_auth)?;
    let hooks_read_stdin = environment.test_hooks.as_ref().is_some_and(|hooks| hooks.stdin);
    // before anybody knows that we are here
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let server = proofmark_service::start(settings, environment, listen).await.with_context(|| format!("cannot serve on {listen}"))?;
    let server = Arc::new(server);
    context.say(&format!("listening {}", server.address()));
    if hooks_read_stdin {
        obey_stdin(server.clone());
    }
    loop {
        tokio::select! {
            biased;
            status = server.wait_exit() => return Ok(status.0),
            _ = term.recv() => server.signal(Signal::Term),
            _ = int.recv() => server.signal(Signal::Int),
        }
    }
}

fn listen_address(args: &ServeArgs) -> Result<SocketAddr> {
    match &args.listen {
        Some(text) => text.parse().map_err(|_| anyhow!("`{text}` is no address to listen on; wanted is HOST:PORT such as 127.0.0.1:0")),
        None => Ok(SocketAddr::from(([127, 0, 0, 1], args.port))),
    }
}

fn settings(args: &ServeArgs) -> Result<Settings> {
    let given = [
        ("grace", &args.grace),
        ("lame-duck", &args.lame_duck),
        ("deadline-max", &args.deadline_max),
        ("max-concurrent-streams", &args.max_concurrent_streams),
        ("max-receive", &args.max_receive),
        ("max-send", &args.max_send),
        ("max-header-list", &args.max_header_list),
        ("probe-interval", &args.probe_interval),
        ("probe-limit", &args.probe_limit),
        ("max-age", &args.max_age),
        ("max-age-grace", &args.max_age_grace),
        ("max-idle", &args.max_idle),
        ("downstream-timeout", &args.downstream_timeout),
        ("forwards", &args.forwards),
        ("reflection", &args.reflection),
    ];
    let map = given.into_iter().filter_map(|(key, value)| value.clone().map(|value| (key.to_owned(), value))).collect();
    Ok(Settings::from_map(&map)?)
}

fn environment(args: &ServeArgs) -> Result<Environment> {
    let store = match &args.store {
        Some(path) => StoreConfig::File { path: path.clone(), calling: Calling::Blocking },
        None => StoreConfig::Memory(MemorySlot::default()),
    };
    let mut environment = Environment::real(store);
    environment.lines = Arc::new(StderrLines { json: args.log == LogFormat::Json, lock: Mutex::new(()) });
    environment.test_hooks = args.test_hooks.as_ref().map(|words| HooksConfig::parse(words.split(','))).transpose()?;
    if let Some(path) = &args.auth_tokens {
        let text = std::fs::read_to_string(path).with_context(|| format!("the token file {} cannot be read", path.display()))?;
        environment.tokens = Some(Token::parse_file(&text).with_context(|| format!("the token file {}", path.display()))?);
    }
    if let Some(list) = &args.upstream {
        environment.upstream = Some(upstream(list, &environment)?);
    }
    Ok(environment)
}

fn upstream(list: &str, environment: &Environment) -> Result<Arc<dyn Upstream>> {
    let addresses: Result<Vec<SocketAddr>, _> = list.split(',').map(|text| text.trim().parse()).collect();
    let Ok(addresses) = addresses else {
        bail!("`{list}` is no list of upstream addresses; wanted is HOST:PORT, several with commas between")
    };
    let (network, clock, seed) = (environment.network.clone(), environment.clock.clone(), environment.seed.derive("upstream"));
    Ok(Arc::new(ChannelUpstream::open(network, clock, seed, addresses)?))
}

/// Steering lines come from standard input; its end means exit at once, so that nothing outlives a harness.
fn obey_stdin(server: Arc<Server>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if let Err(error) = server.steer(line.trim()) {
                let _ = writeln!(std::io::stderr(), "steering line `{}` is refused: {error}", line.escape_debug());
            }
        }
        std::process::exit(1);
    });
}

#[derive(Debug)]
struct StderrLines {
    json: bool,
    lock: Mutex<()>,
}

impl StderrLines {
    fn write(&self, line: &str) {
        let _whole = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stderr = std::io::stderr().lock();
        // a reader that has gone must not stop the service
        let _ = stderr.write_all(format!("{line}\n").as_bytes());
        let _ = stderr.flush();
    }
}

impl Lines for StderrLines {
    fn hook(&self, line: serde_json::Value) {
        self.write(&format!("proofmark-hook {line}"));
    }

    fn log(&self, line: serde_json::Value) {
        if self.json {
            self.write(&line.to_string());
        } else {
            self.write(&as_text(&line));
        }
    }
}

fn as_text(line: &serde_json::Value) -> String {
    let Some(fields) = line.as_object() else { return line.to_string() };
    let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), |text| text.escape_debug().to_string());
    let kind = fields.get("line").map(shown).unwrap_or_default();
    let rest: Vec<String> = fields
        .iter()
        .filter(|(key, value)| *key != "line" && !value.is_null())
        .map(|(key, value)| format!("{key}={}", shown(value)))
        .collect();
    format!("{kind:<6} {}", rest.join(" "))
}
