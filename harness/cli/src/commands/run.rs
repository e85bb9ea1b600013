//! `proofmark run`.

use std::collections::BTreeSet;
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use proofmark_engine::case::Case;
use proofmark_engine::profile::Profile;
use proofmark_engine::run::execute::{Done, Options, Stopwatch, Target, execute};
use proofmark_engine::system::address::{self, AddressServer};
use proofmark_engine::system::probe::probe;
use proofmark_engine::system::process::ProcessServer;
use proofmark_lineup::killers;
use proofmark_lineup::reference_client::{FEATURES, ReferenceClient};
use proofmark_lineup::reference_server::{self, ReferenceServer};
use proofmark_record::{Verdict, What};
use proofmark_system::{ServerFactory, Tier};
use proofmark_transport::Seed;

use crate::args::{Inconclusive, RunArgs};
use crate::commands::report::format;
use crate::context::Context;
use crate::exit::Exit;
use crate::run_parts::folder::Folder;
use crate::run_parts::interrupt;
use crate::run_parts::progress::Progress;
use crate::select::Suites;

pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<Exit> {
    let format = args.format.as_deref().map(format).transpose()?;
    let suites = Suites::load()?;
    let selected = suites.select(&args.selection)?;
    let seed = args.seed.unwrap_or_else(Seed::draw);
    let stopwatch = Stopwatch::start();
    let stop = interrupt::watch()?;
    let scratch = tempfile::Builder::new().prefix("proofmark-").tempdir().context("no folder for files of systems")?;
    let options = Options {
        seed,
        jobs: 1,
        tolerance: Duration::from_millis(args.tolerance_ms),
        scratch: scratch.path().to_owned(),
        stop: stop.clone(),
    };
    let targets = match targets(args, context, &suites, scratch.path()) {
        Ok(targets) => targets,
        Err(Unready::Usage(error)) => return Err(error),
        Err(Unready::NotReady(error)) => {
            context.complain(&format!("error: {error:#}"));
            context.complain("exit 3: a system never became ready, so that no case ran");
            return Ok(Exit::NotReady);
        }
    };
    let folder = Folder::create(args.out.as_deref(), seed, context, &suites)?;
    context.complain(&format!("seed {seed}; {} cases; record in {}", selected.len(), folder.path().display()));
    let mut exit = Exit::Conforms;
    let mut left = 0;
    for target in &targets {
        let cases: Vec<&Case> = selected.iter().copied().filter(|case| target.plays(case.role)).collect();
        folder.system(target)?;
        let jobs = args.jobs.unwrap_or(if target.tier == Tier::InProcess { context.cores } else { REAL_JOBS });
        let options = Options { jobs, ..options.clone() };
        let progress = Progress::new(context, &target.name, cases.len());
        left += execute(&cases, target, &options, &suites.catalogue, &|done| {
            progress.done(&done);
            folder.case(&done);
        });
        progress.finish();
    }
    let interrupted = interrupt::was_asked(&stop);
    let record = folder.finish(stopwatch.millis(), interrupted, |record| {
        for case in &record.cases {
            exit = exit.min(exit_of(case.verdict, args));
        }
        if interrupted { Exit::Interrupted } else { exit }
    })?;
    exit = if interrupted { Exit::Interrupted } else { exit };
    match format {
        Some(format) => (format.write)(&record, &mut std::io::stdout()).context("the report cannot be written")?,
        None => {
            context.say(&proofmark_report::terminal::table(&record));
            context.say(&summary(&record, left));
        }
    }
    context.complain(&format!("exit {}: {} ({:.1} s, seed {seed})", exit.code(), exit.why(), stopwatch.millis() / 1000.0));
    Ok(exit)
}

/// Failures once more, and totals.
fn summary(record: &proofmark_record::Record, left: usize) -> String {
    let mut lines = Vec::new();
    for case in record.cases.iter().filter(|case| proofmark_report::terminal::is_bad(case.verdict)) {
        lines.push(format!("{:<14} {} ({})", case.verdict.to_string(), case.id, case.system));
    }
    lines.push(proofmark_report::terminal::totals(record));
    if left > 0 {
        lines.push(format!("{left} cases were not run"));
    }
    lines.join("\n").trim_end().to_owned()
}

fn exit_of(verdict: Verdict, args: &RunArgs) -> Exit {
    match verdict {
        Verdict::HarnessError => Exit::HarnessError,
        Verdict::Fail | Verdict::SystemError => Exit::Fails,
        Verdict::Warn if args.strict => Exit::Fails,
        Verdict::Inconclusive => match args.inconclusive {
            Inconclusive::Fail => Exit::Fails,
            Inconclusive::Warn => Exit::Inconclusive,
            Inconclusive::Ignore => Exit::Conforms,
        },
        _ => Exit::Conforms,
    }
}

enum Unready {
    Usage(anyhow::Error),
    NotReady(anyhow::Error),
}

fn targets(args: &RunArgs, context: &Context, suites: &Suites, scratch: &Path) -> Result<Vec<Target>, Unready> {
    let mut targets = Vec::new();
    let others = !args.server_cmd.is_empty() || !args.address.is_empty();
    if args.reference || !others {
        targets.push(reference(args.killer.as_deref()).map_err(Unready::Usage)?);
    } else if args.killer.is_some() {
        return Err(Unready::Usage(anyhow!(
            "--killer puts a variant in the reference's place, and no reference takes part; add --reference"
        )));
    }
    for (number, command) in args.server_cmd.iter().enumerate() {
        let name = if args.server_cmd.len() > 1 { format!("process-{}", number + 1) } else { "process".to_owned() };
        let server = process(&name, command, args, context, scratch).map_err(Unready::Usage)?;
        targets.push(probed(server, Tier::Process, suites, scratch)?);
    }
    for text in &args.address {
        let server = address_server(text).map_err(Unready::Usage)?;
        let hostile = args.hostile || server.address.ip().is_loopback();
        address::check(server.address).map_err(|error| Unready::NotReady(error.into()))?;
        let mut target = probed(server, Tier::Address, suites, scratch)?;
        if hostile {
            target.features.insert("hostile".into());
        }
        targets.push(target);
    }
    Ok(targets)
}

fn reference(killer: Option<&str>) -> Result<Target> {
    let mut features: BTreeSet<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    features.extend(reference_server::features());
    let Some(name) = killer else {
        let (client, server) = (Arc::new(ReferenceClient::new()), Arc::new(ReferenceServer::new()));
        return Ok(Target {
            name: "reference".into(),
            client: Some(client),
            server: Some(server),
            tier: Tier::InProcess,
            features,
            profile: Profile::User,
        });
    };
    let all = killers::all();
    let Some(killer) = all.iter().find(|killer| killer.name == name) else {
        bail!("there is no killer `{name}`; `proofmark killers --list` shows all {}", all.len());
    };
    Ok(Target {
        name: name.to_owned(),
        client: Some(killer.client()),
        server: Some(killer.server()),
        tier: Tier::InProcess,
        features,
        profile: Profile::User,
    })
}

fn process(name: &str, command: &str, args: &RunArgs, context: &Context, scratch: &Path) -> Result<ProcessServer> {
    let words = split(command)?;
    if words.is_empty() {
        bail!("--server-cmd is empty; wanted is a command line such as 'target/release/my-server --port $PORT'");
    }
    Ok(ProcessServer {
        name: name.to_owned(),
        command: words,
        supervisor: context.binary.clone(),
        features: BTreeSet::new(),
        ready_limit: Duration::from_secs(args.ready_limit),
        scratch: scratch.to_owned(),
    })
}

fn address_server(text: &str) -> Result<AddressServer> {
    let mut found =
        text.to_socket_addrs().map_err(|error| anyhow!("`{text}` is no address: {error}; wanted is HOST:PORT such as 127.0.0.1:50051"))?;
    let Some(address) = found.next() else { bail!("`{text}` has no address") };
    Ok(AddressServer { name: text.to_owned(), address, features: BTreeSet::new() })
}

trait Probed: ServerFactory + Clone + 'static {
    fn with(self, features: BTreeSet<String>) -> Self;
}

impl Probed for ProcessServer {
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
fn probed(server: impl Probed, tier: Tier, suites: &Suites, scratch: &Path) -> Result<Target, Unready> {
    let name = server.info().name;
    let seen = probe(Arc::new(server.clone()), scratch, &suites.catalogue).map_err(|error| Unready::NotReady(error.into()))?;
    let mut features = seen.features();
    if tier == Tier::Process {
        features.extend(["process", "restart", "hostile"].map(str::to_owned));
    }
    let server = server.with(features.clone());
    Ok(Target { name, client: None, server: Some(Arc::new(server)), tier, features, profile: seen.profile() })
}

/// Splits a command line into words: blanks separate, quotes keep together, a backslash takes the next character as it is.
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

/// Whether a case's process wrote anything worth keeping beside the transcript.
pub(crate) fn stderr_of(done: &Done) -> String {
    let mut text = String::new();
    for event in done.transcripts.iter().flatten() {
        if let What::Stderr { text: line } = &event.what {
            text.push_str(&line.to_string());
            text.push('\n');
        }
    }
    text
}

/// Where evidence of a case goes.
pub(crate) fn evidence_folder(run: &Path, done: &Done) -> PathBuf {
    run.join("cases").join(format!("{}-{}", done.result.system.replace(['/', ':'], "-"), done.result.id))
}

/// Set when the run is to end early.
pub(crate) type Stop = Arc<AtomicBool>;

/// Cases at a time on the real clock: most of them wait most of the time.
const REAL_JOBS: usize = 16;

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
