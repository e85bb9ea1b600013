//! `proofmark run`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use proofmark_engine::case::{Case, Role};
use proofmark_engine::run::execute::{Done, Job, Options, Stopwatch, execute_all, queue};
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
use crate::run_parts::scratch::Scratch;
use crate::select::Suites;
use crate::targets::{Tested, Unready, targets};

pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<Exit> {
    let format = args.format.as_deref().map(format).transpose()?;
    let suites = Suites::load()?;
    let selected = suites.select(&args.selection)?;
    let seed = args.seed.unwrap_or_else(Seed::draw);
    let stopwatch = Stopwatch::start();
    let stop = interrupt::watch()?;
    let scratch = Scratch::create(context)?;
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
    for Tested { target, .. } in &targets {
        folder.system(target)?;
    }
    // in process every case has a core to itself; on the real clock most of them wait
    for batch in targets.chunk_by(|a, b| is_real(a) == is_real(b)) {
        let jobs = args.jobs.unwrap_or(if batch.iter().any(is_real) { context.cores * REAL_JOBS } else { context.cores });
        left += Batch { tested: batch, selected: &selected, suites: &suites, folder: &folder, context }
            .run(&Options { jobs, ..options.clone() });
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

/// What a system would have to have for the cases that were left out: what most of them lack first.
fn left_out(record: &proofmark_record::Record, system: &str) -> Option<String> {
    let unsupported = || record.cases.iter().filter(|case| case.system == system && case.verdict == Verdict::Unsupported);
    let reasons = unsupported().filter_map(|case| case.reason.as_deref()?.strip_prefix("needs "));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for need in reasons.flat_map(|needs| needs.split(", ")) {
        *counts.entry(need).or_default() += 1;
    }
    let mut needs: Vec<(&str, usize)> = counts.into_iter().collect();
    needs.sort_by_key(|(_, count)| Reverse(*count));
    let shown: Vec<String> = needs.iter().take(NEEDS_SHOWN).map(|(need, count)| format!("{need} ({count})")).collect();
    let more = if needs.len() > NEEDS_SHOWN { ", ..." } else { "" };
    (!shown.is_empty()).then(|| format!("{system}: {} left out, which need {}{more}", unsupported().count(), shown.join(", ")))
}

/// Systems whose cases run in one queue.
struct Batch<'a> {
    tested: &'a [Tested],
    selected: &'a [&'a Case],
    suites: &'a Suites,
    folder: &'a Folder,
    context: &'a Context,
}

impl Batch<'_> {
    /// Runs all cases; gives the number of those that were not run.
    fn run(&self, options: &Options) -> usize {
        let queues: Vec<Vec<Job<'_>>> = self.tested.iter().map(|tested| queue(&self.cases_of(tested), &tested.target)).collect();
        let waiting: Vec<AtomicUsize> = queues.iter().map(|queue| AtomicUsize::new(queue.len())).collect();
        let sizes = self.tested.iter().zip(&queues).map(|(tested, queue)| (tested.target.name.clone(), queue.len()));
        let progress = Progress::new(self.context, sizes);
        let again: Mutex<BTreeSet<(usize, String)>> = Mutex::default();
        let jobs: Vec<Job<'_>> = queues.iter().flatten().copied().collect();
        let mut left = execute_all(&jobs, options, &self.suites.catalogue, &|job, mut done| {
            let place = self.place_of(job);
            let tested = &self.tested[place];
            tested.note(&mut done.result);
            if waiting[place].fetch_sub(1, Ordering::Relaxed) == 1 {
                tested.target.rest();
            }
            if is_real(tested) && wants_the_machine(&done) && !interrupt::was_asked(&options.stop) {
                again.lock().unwrap_or_else(PoisonError::into_inner).insert((place, done.result.id));
                return;
            }
            progress.done(&done);
            self.folder.case(done);
        });
        // what could not be judged beside others, or only came too late, gets the machine to itself, once
        let again = again.into_inner().unwrap_or_else(PoisonError::into_inner);
        let alone: Vec<Job<'_>> = jobs.into_iter().filter(|job| again.contains(&(self.place_of(job), job.case.id.clone()))).collect();
        if !alone.is_empty() {
            self.context.complain(&format!(
                "{} cases could not be judged beside others, or missed nothing but times; they run once more, one at a time",
                alone.len()
            ));
        }
        left += execute_all(&alone, &Options { jobs: 1, ..options.clone() }, &self.suites.catalogue, &|job, mut done| {
            self.tested[self.place_of(job)].note(&mut done.result);
            progress.done(&done);
            self.folder.case(done);
        });
        progress.finish();
        left
    }

    fn cases_of(&self, tested: &Tested) -> Vec<&Case> {
        let plays = |case: &&Case| tested.target.plays(case.role) && (tested.client_alone || case.role != Role::Client);
        self.selected.iter().copied().filter(plays).collect()
    }

    fn place_of(&self, job: &Job<'_>) -> usize {
        self.tested.iter().position(|tested| std::ptr::eq(&tested.target, job.target)).unwrap_or_default()
    }
}

fn is_real(tested: &Tested) -> bool {
    tested.target.tier != Tier::InProcess
}

/// Failures once more, and totals.
fn summary(record: &proofmark_record::Record, left: usize) -> String {
    let mut lines = Vec::new();
    for case in record.cases.iter().filter(|case| case.is_bad()) {
        let what = if case.verdict.is_bad() { case.verdict.to_string() } else { "unexpected pass".into() };
        lines.push(format!("{what:<16} {} ({})", case.id, case.system));
    }
    lines.push(proofmark_report::terminal::totals(record));
    lines.extend(record.systems.iter().filter_map(|system| left_out(record, &system.name)));
    if left > 0 {
        lines.push(format!("{left} cases were not run"));
    }
    lines.join("\n").trim_end().to_owned()
}

/// Whether a case could not be judged, or missed nothing but times, beside others.
fn wants_the_machine(done: &Done) -> bool {
    let case = &done.result;
    let started_late = || done.transcripts.iter().flatten().any(|event| matches!(event.what, What::SystemError { late: true, .. }));
    let misses_times = || case.findings.iter().all(|finding| finding.timing || finding.check == "gap");
    case.verdict == Verdict::Inconclusive || started_late() || (case.is_bad() && !case.findings.is_empty() && misses_times())
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

/// So many things that a system lacks are named.
const NEEDS_SHOWN: usize = 4;

/// Cases at a time for each core on the real clock: most of them wait most of the time.
const REAL_JOBS: usize = 10;
