//! `proofmark killers`: does each broken variant fail its cases, and no others?

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Result, bail};
use proofmark_engine::case::{Case, Role};
use proofmark_engine::run::execute::{self, Options, Target};
use proofmark_engine::run::killing::{Kill, sort_out, without_killer};
use proofmark_lineup::killers::{self, Killer};
use proofmark_lineup::reference_client::ReferenceClient;
use proofmark_lineup::reference_server::ReferenceServer;
use proofmark_record::CaseResult;
use proofmark_transport::Seed;

use crate::args::KillersArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::select::Suites;
use crate::targets::in_process;

pub(crate) fn run(args: &KillersArgs, context: &Context) -> Result<Exit> {
    let chosen = chosen(args)?;
    if args.list {
        for killer in &chosen {
            context.say(&format!("{:<52} {}", killer.name, killer.deviation));
        }
        return Ok(Exit::Conforms);
    }
    let suites = Suites::load()?;
    let jobs = args.jobs.unwrap_or(context.cores);
    let mut kills: BTreeMap<String, Kill> = BTreeMap::new();
    let mut bad = 0;
    for killer in &chosen {
        let cases: Vec<&Case> =
            suites.cases.iter().filter(|case| case.role == Role::Pair || killer.is_server() == (case.role == Role::Server)).collect();
        let target = in_process(killer.name, killer.client(), killer.server());
        let kill = sort_out(killer.breaks, &results(&cases, &target, &suites, jobs));
        let good = kill.survivors.is_empty() && kill.casualties.is_empty();
        bad += usize::from(!good);
        context.say(&format!(
            "{:<52} {:>3} killed{}{}",
            killer.name,
            kill.killed.len(),
            list(", survivors", &kill.survivors),
            list(", casualties", &kill.casualties)
        ));
        kills.insert(killer.name.to_owned(), kill);
    }
    let mut exit = if bad > 0 { Exit::Fails } else { Exit::Conforms };
    if args.names.is_empty() {
        let all: Vec<&Case> = suites.cases.iter().collect();
        let reference = in_process("reference", Arc::new(ReferenceClient::new()), Arc::new(ReferenceServer::new()));
        let missing = without_killer(&results(&all, &reference, &suites, jobs), &kills);
        if !missing.is_empty() {
            context.say(&format!("{} must-level cases without a killer:\n  {}", missing.len(), missing.join("\n  ")));
            exit = Exit::Fails;
        }
    }
    context.say(&format!("{} killers, {bad} of them wrong", chosen.len()));
    Ok(exit)
}

fn chosen(args: &KillersArgs) -> Result<Vec<Killer>> {
    let all = killers::all();
    if let Some(name) = args.names.iter().find(|name| !all.iter().any(|killer| killer.name.starts_with(name.as_str()))) {
        bail!("there is no killer `{name}`; `proofmark killers --list` shows all {}", all.len());
    }
    Ok(all
        .into_iter()
        .filter(|killer| args.names.is_empty() || args.names.iter().any(|name| killer.name.starts_with(name.as_str())))
        .collect())
}

fn results(cases: &[&Case], target: &Target, suites: &Suites, jobs: usize) -> Vec<CaseResult> {
    let options = Options {
        seed: Seed(7),
        jobs,
        tolerance: Duration::from_millis(100),
        scratch: std::env::temp_dir(),
        stop: Arc::new(AtomicBool::new(false)),
    };
    let mut results = execute::results(cases, target, &options, &suites.catalogue);
    results.sort_by(|a, b| a.id.cmp(&b.id));
    results
}

fn list(title: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{title} {}", names.join(", ")) }
}
