//! The whole in-process suite: cases a second, and the peak of memory.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, anyhow};
use proofmark_engine::case::Case;
use proofmark_engine::profile::Profile;
use proofmark_engine::run::execute::{Options, Stopwatch, Target, execute, run_case};
use proofmark_lineup::reference_client::{FEATURES, ReferenceClient};
use proofmark_lineup::reference_server::{self, ReferenceServer};
use proofmark_system::{ClientFactory, ServerFactory, Tier};
use proofmark_transport::Seed;

pub(crate) fn measure() -> Result<String> {
    let catalogue = proofmark_suites::catalogue().map_err(|errors| anyhow!("{errors}"))?;
    let loading = Stopwatch::start();
    let cases = proofmark_suites::cases(&catalogue).map_err(|errors| anyhow!("{errors}"))?;
    let loaded = loading.millis();
    let target = reference(Arc::new(ReferenceClient::new()), Arc::new(ReferenceServer::new()));
    let options = options();
    let cores = options.jobs;
    let runnable: Vec<&Case> = cases.iter().filter(|case| target.lacks(case).is_none()).collect();
    let rounds: u64 = runnable.iter().map(|case| u64::from(case.rounds)).sum();
    let stopwatch = Stopwatch::start();
    execute(&runnable, &target, &options, &catalogue, &|_| {});
    let whole = stopwatch.millis();
    let mut slowest = slowest(&runnable, &target, &options, &catalogue);
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out = String::new();
    let per_second = |count: u64, millis: f64| count as f64 * 1000.0 / millis;
    writeln!(
        out,
        "suite: {} cases ({rounds} rounds) in {whole:.0} ms on {cores} cores: {:.0} cases/s, {:.0} rounds/s; loading {loaded:.0} ms",
        runnable.len(),
        per_second(runnable.len() as u64, whole),
        per_second(rounds, whole)
    )?;
    let heavy: f64 = slowest.iter().take(10).map(|(millis, _)| millis).sum();
    let rest: f64 = slowest.iter().skip(10).map(|(millis, _)| millis).sum();
    writeln!(
        out,
        "the ten heaviest take {heavy:.0} ms of one core, the other {} take {rest:.0} ms: {:.0} cases/s on {cores} cores",
        slowest.len().saturating_sub(10),
        per_second(slowest.len().saturating_sub(10) as u64, rest) * cores as f64
    )?;
    for (millis, id) in slowest.iter().take(10) {
        writeln!(out, "  {millis:>8.1} ms  {id}")?;
    }
    writeln!(out, "peak memory {:.0} MiB", peak_memory_mib())?;
    Ok(out)
}

/// The references, or variants of them, in process.
pub(crate) fn reference(client: Arc<dyn ClientFactory>, server: Arc<dyn ServerFactory>) -> Target {
    let mut features: BTreeSet<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    features.extend(reference_server::features());
    Target { name: "reference".into(), client: Some(client), server: Some(server), tier: Tier::InProcess, features, profile: Profile::User }
}

/// The same seed each time, on all cores.
pub(crate) fn options() -> Options {
    Options {
        seed: Seed(7),
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        tolerance: Duration::from_millis(100),
        scratch: std::env::temp_dir(),
        stop: Arc::new(AtomicBool::new(false)),
    }
}

fn slowest<'a>(
    cases: &[&'a Case],
    target: &Target,
    options: &Options,
    catalogue: &proofmark_engine::case::Catalogue,
) -> Vec<(f64, &'a str)> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let times: Mutex<Vec<(f64, &str)>> = Mutex::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let stopwatch = Stopwatch::start();
                run_case(case, target, options, catalogue);
                times.lock().unwrap_or_else(PoisonError::into_inner).push((stopwatch.millis(), &case.id));
            }
        });
    });
    times.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
