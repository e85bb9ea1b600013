//! `proofmark drive`: the reference client as a driver, over real TCP.

use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use proofmark_api::driver::{self, Command, Event, event};
use proofmark_api::json::{self, Unreadable};
use proofmark_lineup::reference_client::ReferenceClient;
use proofmark_system::{ClientEvent, ClientFactory, ClientLaunch, ClientSystem};
use proofmark_transport::{Clock, Seed, TcpNetwork};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::exit::Exit;

/// Takes commands until standard input ends.
pub(crate) fn run() -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().context("no runtime")?;
    let entered = runtime.enter();
    let (events, shown) = unbounded_channel();
    let clock = Clock::system();
    let launch = ClientLaunch { network: Arc::new(TcpNetwork), clock: clock.clone(), seed: Seed::draw(), events: events.clone() };
    let reference = ReferenceClient::new();
    let mut client = runtime.block_on(reference.start(launch))?;
    tokio::spawn(write(shown));
    let mut lines = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line).context("standard input cannot be read")? == 0 {
            break;
        }
        take(&line, &mut *client, &events, &clock);
    }
    // whatever still runs ends here, without drain
    drop(entered);
    runtime.shutdown_background();
    Ok(Exit::Conforms)
}

fn take(line: &[u8], client: &mut dyn ClientSystem, events: &UnboundedSender<ClientEvent>, clock: &Clock) {
    let text = String::from_utf8_lossy(line);
    let (re, kind) = match json::read_command(&text) {
        Ok(Command { id, kind: None }) => (Some(id), unsupported("command", "unknown command".into())),
        Ok(command) => return client.command(command),
        Err(Unreadable::NotJson(why)) => (None, event::Kind::Error(driver::Error { text: format!("the line is no command: {why}") })),
        Err(Unreadable::Unknown(why)) => (id_of(&text), unsupported("command", why)),
        Err(Unreadable::Wrong(why)) => (id_of(&text), event::Kind::Error(driver::Error { text: why })),
    };
    // the writer lives as long as we do
    let _ = events.send(ClientEvent::Shown(Event { re, at_seconds: clock.elapsed().as_secs_f64(), kind: Some(kind) }));
}

fn unsupported(what: &str, reason: String) -> event::Kind {
    event::Kind::Unsupported(driver::Unsupported { what: what.into(), reason })
}

fn id_of(text: &str) -> Option<u32> {
    let line: serde_json::Value = serde_json::from_str(text).ok()?;
    u32::try_from(line.get("id")?.as_u64()?).ok()
}

async fn write(mut shown: UnboundedReceiver<ClientEvent>) {
    let mut stdout = std::io::stdout();
    while let Some(event) = shown.recv().await {
        let ClientEvent::Shown(event) = event else { continue };
        // a harness that has gone closes standard input, too
        let _ = writeln!(stdout, "{}", json::write_event(&event)).and_then(|()| stdout.flush());
    }
}

const LONGEST_LINE: u64 = 1024 * 1024;
