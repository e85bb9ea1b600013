//! `proofmark run`.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use proofmark_engine::case::{Case, Role};
use proofmark_engine::run::execute::{Done, Options, Stopwatch, execute};
use proofmark_record::{CaseResult, Overlay, Verdict, What};
use proofmark_system::Tier;
use proofmark_transport::Seed;

use crate::args::{Inconclusive, RunArgs};
use crate::commands::report::format;
use crate::context::Context;
use crate::exit::Exit;
use crate::run_parts::folder::Folder;
use crate::run_parts::interrupt;
use crate::run_parts::progress::Progress;
use crate::select::Suites;
use crate::targets::{Tested, Unready, targets};

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
    for Tested { target, known, client_alone } in &targets {
        let cases: Vec<&Case> =
            selected.iter().copied().filter(|case| target.plays(case.role) && (*client_alone || case.role != Role::Client)).collect();
        folder.system(target)?;
        let jobs = args.jobs.unwrap_or(if target.tier == Tier::InProcess { context.cores } else { context.cores * REAL_JOBS });
        let options = Options { jobs, ..options.clone() };
        let progress = Progress::new(context, &target.name, cases.len());
        let again: Mutex<Vec<String>> = Mutex::default();
        let is_real = target.tier != Tier::InProcess;
        left += execute(&cases, target, &options, &suites.catalogue, &|mut done| {
            done.result.overlay = known.overlay(&done.result);
            if is_real && wants_the_machine(&done.result) && !interrupt::was_asked(&stop) {
                again.lock().unwrap_or_else(PoisonError::into_inner).push(done.result.id);
                return;
            }
            progress.done(&done);
            folder.case(&done);
        });
        // what could not be judged beside others, or only came too late, gets the machine to itself, once
        let again = again.into_inner().unwrap_or_else(PoisonError::into_inner);
        let alone: Vec<&Case> = cases.iter().copied().filter(|case| again.contains(&case.id)).collect();
        if !alone.is_empty() {
            context.complain(&format!(
                "{}: {} cases could not be judged beside others, or missed nothing but times; they run once more, one at a time",
                target.name,
                alone.len()
            ));
        }
        let options = Options { jobs: 1, ..options };
        left += execute(&alone, target, &options, &suites.catalogue, &|mut done| {
            done.result.overlay = known.overlay(&done.result);
            progress.done(&done);
            folder.case(&done);
        });
        progress.finish();
    }
    let interrupted = interrupt::was_asked(&stop);
    let record = folder.finish(stopwatch.millis(), interrupted, |record| {
        for case in &record.cases {
            exit = exit.min(exit_of(case, args));
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
    let known = record.cases.iter().filter(|case| matches!(case.overlay, Some(Overlay::KnownDeviation { .. }))).count();
    let apart = if known > 0 { format!(", apart from {known} known deviations") } else { String::new() };
    context.complain(&format!("exit {}: {}{apart} ({:.1} s, seed {seed})", exit.code(), exit.why(), stopwatch.millis() / 1000.0));
    Ok(exit)
}

/// Failures once more, and totals.
fn summary(record: &proofmark_record::Record, left: usize) -> String {
    let mut lines = Vec::new();
    for case in record.cases.iter().filter(|case| case.is_bad()) {
        let what = if case.verdict.is_bad() { case.verdict.to_string() } else { "unexpected pass".into() };
        lines.push(format!("{what:<16} {} ({})", case.id, case.system));
    }
    lines.push(proofmark_report::terminal::totals(record));
    if left > 0 {
        lines.push(format!("{left} cases were not run"));
    }
    lines.join("\n").trim_end().to_owned()
}

/// Whether a case could not be judged, or missed nothing but times, beside others.
fn wants_the_machine(case: &CaseResult) -> bool {
    let misses_times = || case.findings.iter().all(|finding| finding.timing || finding.check == "gap");
    case.verdict == Verdict::Inconclusive || (case.is_bad() && !case.findings.is_empty() && misses_times())
}

fn exit_of(case: &CaseResult, args: &RunArgs) -> Exit {
    match case.overlay {
        Some(Overlay::KnownDeviation { .. }) => return Exit::Conforms,
        Some(Overlay::UnexpectedPass { .. }) => return Exit::Fails,
        None => {}
    }
    match case.verdict {
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

/// Cases at a time for each core on the real clock: most of them wait most of the time.
const REAL_JOBS: usize = 6;
