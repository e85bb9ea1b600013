//! Runs many cases against one target: in process on every core, each on a paused clock of its own, or side by side on the real clock.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use proofmark_record::{CaseResult, Event, Verdict, What};
use proofmark_system::{ClientFactory, ServerFactory, Tier};
use proofmark_transport::clock::{Instant, sleep, timeout};
use proofmark_transport::{Network, Seed, SimNetwork, TcpNetwork};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use super::round::{Played, Setting, run};
use crate::case::{Case, Catalogue, Level, Owner, Role};
use crate::judge::{Judged, judge};
use crate::profile::Profile;

/// What a run tests.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in reports.
    pub name: String,
    /// Its client, if it has one.
    pub client: Option<Arc<dyn ClientFactory>>,
    /// Its server, if it has one.
    pub server: Option<Arc<dyn ServerFactory>>,
    /// What the user brings.
    pub tier: Tier,
    /// What it has, of both ends.
    pub features: BTreeSet<String>,
    /// Which service operations are mapped to.
    pub profile: Profile,
}

impl Target {
    /// Why a case cannot be run here, if it cannot.
    pub fn lacks(&self, case: &Case) -> Option<String> {
        let missing_end = match case.role {
            Role::Client => self.client.is_none().then_some("a client"),
            Role::Server => self.server.is_none().then_some("a server"),
            Role::Pair => (self.client.is_none() || self.server.is_none()).then_some("both ends"),
        };
        if let Some(end) = missing_end {
            return Some(format!("needs {end}"));
        }
        let missing: Vec<&str> = case.needs.iter().filter(|need| !self.has(need)).map(String::as_str).collect();
        (!missing.is_empty()).then(|| format!("needs {}", missing.join(", ")))
    }

    /// Lets processes end that wait for another case.
    pub fn rest(&self) {
        if let Some(server) = &self.server {
            server.rest();
        }
        if let Some(client) = &self.client {
            client.rest();
        }
    }

    /// Whether the target can play the role at all.
    pub fn plays(&self, role: Role) -> bool {
        match role {
            Role::Client => self.client.is_some(),
            Role::Server => self.server.is_some(),
            Role::Pair => self.client.is_some() && self.server.is_some(),
        }
    }

    fn has(&self, need: &str) -> bool {
        let all_settings = need.starts_with("setting:") && self.features.contains("setting:*");
        let all_operations = need.starts_with("operation:") && self.features.contains("operation:*");
        self.features.contains(need) || all_settings || all_operations
    }
}

/// How a run is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// The run's seed.
    pub seed: Seed,
    /// How many cases at a time.
    pub jobs: usize,
    /// By how much windows are widened on the real clock.
    pub tolerance: Duration,
    /// Where stores of servers with a disk are kept.
    pub scratch: PathBuf,
    /// Set from outside to end the run early.
    pub stop: Arc<AtomicBool>,
}

/// A case that is over.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its result.
    pub result: CaseResult,
    /// The transcripts of its rounds.
    pub transcripts: Vec<Vec<Event>>,
    /// The round, from 0, that the findings are of.
    pub worst_round: usize,
}

/// A case to be run on a target.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What is tested.
    pub target: &'a Target,
    /// By what.
    pub case: &'a Case,
}

/// The cases to be run on a target, in the order in which they begin.
pub fn queue<'a>(cases: &[&'a Case], target: &'a Target) -> Vec<Job<'a>> {
    let mut jobs: Vec<Job<'_>> = cases.iter().map(|case| Job { target, case }).collect();
    if target.tier != Tier::InProcess {
        // what waits longest first, or the last of them would be waited for alone
        jobs.sort_by_key(|job| Reverse(job.case.limit * job.case.rounds));
    }
    jobs
}

/// Runs cases and hands each result over as soon as it is there. Gives the number of cases that were not run, because of `stop`.
pub fn execute(cases: &[&Case], target: &Target, options: &Options, catalogue: &Catalogue, sink: &(dyn Fn(Done) + Sync)) -> usize {
    execute_all(&queue(cases, target), options, catalogue, &|_, done| sink(done))
}

/// Runs cases on their targets: while the last of one target wait, the first of the next are under way.
pub fn execute_all(jobs: &[Job<'_>], options: &Options, catalogue: &Catalogue, sink: &(dyn Fn(&Job<'_>, Done) + Sync)) -> usize {
    let next = AtomicUsize::new(0);
    let left = AtomicUsize::new(jobs.len());
    let threads = options.jobs.clamp(1, jobs.len().max(1));
    let panicked = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    while !options.stop.load(Ordering::Relaxed) {
                        let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        sink(job, run_case(job.case, job.target, options, catalogue));
                        left.fetch_sub(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for worker in workers {
            if let Err(payload) = worker.join() {
                panicked.lock().unwrap_or_else(PoisonError::into_inner).push(payload);
            }
        }
    });
    if let Some(payload) = panicked.into_inner().unwrap_or_else(PoisonError::into_inner).pop() {
        std::panic::resume_unwind(payload);
    }
    left.into_inner()
}

/// Runs cases and gives their results, in the order in which the cases ended.
pub fn results(cases: &[&Case], target: &Target, options: &Options, catalogue: &Catalogue) -> Vec<CaseResult> {
    let results: Mutex<Vec<CaseResult>> = Mutex::default();
    execute(cases, target, options, catalogue, &|done| results.lock().unwrap_or_else(PoisonError::into_inner).push(done.result));
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs one case with all its rounds.
pub fn run_case(case: &Case, target: &Target, options: &Options, catalogue: &Catalogue) -> Done {
    if let Some(reason) = target.lacks(case) {
        let judged = Judged { verdict: Verdict::Unsupported, reason: Some(reason), findings: Vec::new(), timer_lag: Duration::ZERO };
        return Done { result: result(case, target, catalogue, judged, Facts::default()), transcripts: Vec::new(), worst_round: 0 };
    }
    let virtual_time = target.tier == Tier::InProcess;
    let tolerance = if virtual_time { VIRTUAL_TOLERANCE } else { options.tolerance };
    let mut facts = Facts::default();
    let mut worst: Option<(Judged, usize)> = None;
    let mut transcripts = Vec::new();
    for round in 1..=case.rounds {
        let seed = options.seed.derive(&case.id).derive(&round.to_string());
        let setting = setting(case, target, options, seed, virtual_time, round);
        let (mut played, mut judged) = judged_round(case, &setting, options, tolerance);
        if played.served_before && judged.verdict != Verdict::Pass {
            // other cases are no excuse, and no suspicion: what is wrong is wrong with a server that nobody else has used
            let alone = Setting { shares_server: false, ..setting };
            (played, judged) = judged_round(case, &alone, options, tolerance);
        }
        let Played { events, pid, .. } = played;
        facts.duration += events.last().map_or(Duration::ZERO, Event::at);
        facts.pid = facts.pid.or(pid);
        facts.rounds.1 += 1;
        facts.rounds.0 += u32::from(matches!(judged.verdict, Verdict::Pass | Verdict::Warn | Verdict::Info));
        transcripts.push(events);
        if worst.as_ref().is_none_or(|(worst, _)| severity(judged.verdict) > severity(worst.verdict)) {
            worst = Some((judged, transcripts.len() - 1));
        }
        if options.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let (judged, worst_round) = worst.unwrap_or_else(|| {
        let judged =
            Judged { verdict: Verdict::Skipped, reason: Some("interrupted".into()), findings: Vec::new(), timer_lag: Duration::ZERO };
        (judged, 0)
    });
    facts.seed = options.seed.to_string();
    Done { result: result(case, target, catalogue, judged, facts), transcripts, worst_round }
}

/// Judges stored rounds again.
pub fn judge_again(case: &Case, transcripts: &[&[Event]], virtual_time: bool, tolerance: Duration) -> Option<Judged> {
    let tolerance = if virtual_time { VIRTUAL_TOLERANCE } else { tolerance };
    transcripts
        .iter()
        .map(|events| judge(case, events, tolerance))
        .reduce(|worst, judged| if severity(judged.verdict) > severity(worst.verdict) { judged } else { worst })
}

fn judged_round(case: &Case, setting: &Setting, options: &Options, tolerance: Duration) -> (Played, Judged) {
    let played = run_round(case, setting, &options.stop);
    if let Some(store) = &setting.store {
        remove_store(store);
    }
    let judged = judge(case, &played.events, tolerance);
    (played, judged)
}

fn setting(case: &Case, target: &Target, options: &Options, seed: Seed, virtual_time: bool, round: u32) -> Setting {
    let shares_server = !virtual_time && case.harmless;
    let network: Arc<dyn Network> = if virtual_time { Arc::new(SimNetwork::default()) } else { Arc::new(TcpNetwork) };
    // what a case that writes nothing does to a store need not outlive its server
    let store =
        (!virtual_time && case.role != Role::Client && !shares_server).then(|| options.scratch.join(format!("{}-{round}.db", case.id)));
    Setting {
        client: target.client.clone(),
        server: target.server.clone(),
        network,
        virtual_time,
        seed,
        tokens: options.seed,
        shares_server,
        call_prefix: if shares_server { format!("{:08x}.", seed.0 as u32) } else { String::new() },
        profile: if case.role == Role::Client { Profile::User } else { target.profile },
        store,
    }
}

fn run_round(case: &Case, setting: &Setting, stop: &AtomicBool) -> Played {
    let runtime = match runtime(setting.virtual_time) {
        Ok(runtime) => runtime,
        Err(error) => return ended_by(harness_error(0, format!("no runtime: {error}"))),
    };
    let local = LocalSet::new();
    let mut played = local.block_on(&runtime, async {
        let limit = if setting.virtual_time { VIRTUAL_HORIZON } else { case.limit + REAL_MARGIN };
        let mut played = tokio::select! {
            biased;
            () = stopped(stop), if !setting.virtual_time => ended_by(interrupted()),
            done = timeout(limit, run(case, setting)) => match done {
                Ok(played) => played,
                Err(_) => ended_by(harness_error(0, format!("the round did not end within {limit:?}"))),
            },
        };
        for _ in 0..LAST_TURNS {
            tokio::task::yield_now().await;
        }
        let alive = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        if setting.virtual_time && alive > 0 {
            let seq = played.events.len() as u32;
            let at_ns = played.events.last().map_or(0, |event| event.at_ns);
            let what = What::Aftercare { what: "leak of tasks".into(), observed: format!("{alive} still alive"), good: false };
            played.events.push(Event { seq, at_ns, what });
        }
        played
    });
    drop(local);
    runtime.shutdown_background();
    for (place, event) in played.events.iter_mut().enumerate() {
        event.seq = place as u32;
    }
    played
}

/// A round of which there is nothing to say but how it ended.
fn ended_by(event: Event) -> Played {
    Played { events: vec![event], ..Played::default() }
}

fn runtime(virtual_time: bool) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_time();
    if virtual_time {
        builder.start_paused(true)
    } else {
        builder.enable_io()
    };
    builder.build()
}

/// Ends once the run is to end. On the real clock alone: there a case may wait for long, and this looks ten times a second.
async fn stopped(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        sleep(STOP_STEP).await;
    }
}

fn interrupted() -> Event {
    let text = "the run was interrupted".to_owned();
    Event { seq: 0, at_ns: 0, what: What::Owed { by: proofmark_record::Owed::Harness, text } }
}

fn harness_error(seq: u32, text: String) -> Event {
    Event { seq, at_ns: 0, what: What::HarnessError { text } }
}

fn remove_store(store: &std::path::Path) {
    for suffix in ["", "-wal", "-shm"] {
        // what was never made need not be removed
        let _ = std::fs::remove_file(format!("{}{suffix}", store.display()));
    }
}

#[derive(Default)]
struct Facts {
    duration: Duration,
    rounds: (u32, u32),
    pid: Option<u32>,
    seed: String,
}

fn result(case: &Case, target: &Target, catalogue: &Catalogue, judged: Judged, facts: Facts) -> CaseResult {
    let requirement = case.proves.first().and_then(|id| catalogue.find(id));
    CaseResult {
        id: case.id.clone(),
        area: case.area.clone(),
        system: target.name.clone(),
        role: match case.role {
            Role::Client => proofmark_record::Role::Client,
            Role::Server => proofmark_record::Role::Server,
            Role::Pair => proofmark_record::Role::Pair,
        },
        level: match case.level {
            Level::Must => proofmark_record::Level::Must,
            Level::Should => proofmark_record::Level::Should,
            Level::Convention => proofmark_record::Level::Convention,
            Level::May => proofmark_record::Level::May,
        },
        owner: match requirement.map(|requirement| requirement.owner) {
            Some(Owner::Library) => proofmark_record::Owner::Library,
            Some(Owner::Service) => proofmark_record::Owner::Service,
            Some(Owner::Either) | None => proofmark_record::Owner::Either,
        },
        verdict: judged.verdict,
        overlay: None,
        reason: judged.reason,
        requirements: case.proves.clone(),
        findings: judged.findings,
        duration_ms: facts.duration.as_secs_f64() * 1000.0,
        timer_lag_ms: judged.timer_lag.as_secs_f64() * 1000.0,
        rounds: facts.rounds,
        replay: String::new(),
        seed: facts.seed,
        pid: facts.pid,
        statement: requirement.map(|requirement| requirement.statement.trim().to_owned()).unwrap_or_default(),
        source: requirement.map(|requirement| requirement.source.trim().to_owned()).unwrap_or_default(),
    }
}

fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::HarnessError => 8,
        Verdict::SystemError => 7,
        Verdict::Fail => 6,
        Verdict::Inconclusive => 5,
        Verdict::Warn => 4,
        Verdict::Info => 3,
        Verdict::Pass => 2,
        Verdict::Skipped => 1,
        Verdict::Unsupported => 0,
    }
}

/// How long a run took, by the real clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now. The instant is real where no paused runtime is entered, as on the main thread.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start.
    pub fn millis(&self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1000.0
    }
}

/// By how much windows are widened in virtual time: the grain of timers.
pub const VIRTUAL_TOLERANCE: Duration = Duration::from_millis(1);
/// Longer than any case may take in virtual time.
const VIRTUAL_HORIZON: Duration = Duration::from_secs(400 * 24 * 3600);
/// What set-up, clean-up and aftercare may take on the real clock, on top of a case's limit.
const REAL_MARGIN: Duration = Duration::from_secs(200);
/// How often a waiting case looks whether the run is to end.
const STOP_STEP: Duration = Duration::from_millis(100);
/// More turns than ending tasks need to be gone.
const LAST_TURNS: usize = 64;
