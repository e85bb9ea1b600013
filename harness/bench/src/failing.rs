//! What failing costs: how long each case takes on its own clock when it passes, and when a broken variant fails it.
//! On virtual time this is exactly what would be waited for on the real clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use proofmark_engine::case::{Case, Role};
use proofmark_engine::run::execute::results;
use proofmark_engine::run::killing::is_failed;
use proofmark_lineup::killers;
use proofmark_lineup::reference_client::ReferenceClient;
use proofmark_lineup::reference_server::ReferenceServer;

use crate::suite::{options, reference};

pub(crate) fn measure() -> Result<String> {
    let catalogue = proofmark_suites::catalogue().map_err(|errors| anyhow!("{errors}"))?;
    let cases = proofmark_suites::cases(&catalogue).map_err(|errors| anyhow!("{errors}"))?;
    let all: Vec<&Case> = cases.iter().collect();
    let whole = reference(Arc::new(ReferenceClient::new()), Arc::new(ReferenceServer::new()));
    let passing: BTreeMap<String, f64> = results(&all, &whole, &options(), &catalogue)
        .into_iter()
        .filter(|result| !is_failed(result))
        .map(|result| (result.id, result.duration_ms))
        .collect();
    // some variants panic, which is their deviation
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut failing: BTreeMap<String, f64> = BTreeMap::new();
    for killer in killers::all() {
        let aimed_at: Vec<&Case> = cases
            .iter()
            .filter(|case| case.role == Role::Pair || killer.is_server() == (case.role == Role::Server))
            .filter(|case| case.proves.iter().any(|proven| killer.breaks.contains(&proven.as_str())))
            .collect();
        let broken = reference(killer.client(), killer.server());
        for result in results(&aimed_at, &broken, &options(), &catalogue).into_iter().filter(is_failed) {
            let longest = failing.entry(result.id).or_default();
            *longest = result.duration_ms.max(*longest);
        }
    }
    std::panic::set_hook(loud);
    let both: Vec<(f64, f64)> = failing.iter().filter_map(|(id, fails)| Some((passing.get(id)? / 1000.0, fails / 1000.0))).collect();
    let passes: f64 = both.iter().map(|(passes, _)| passes).sum();
    let fails: f64 = both.iter().map(|(_, fails)| fails).sum();
    Ok(format!(
        "failing: {} cases take {passes:.0} s on their own clocks when they pass, {fails:.0} s when broken variants fail them (of several the slowest): \
         half of them failing costs {:.2} times as much as none",
        both.len(),
        (passes + fails) / (2.0 * passes)
    ))
}
