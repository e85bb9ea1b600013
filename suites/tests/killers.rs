//! Every killer is noticed by a case of each requirement that it breaks, in process. Whether it hurts others is the work of `proofmark killers`, which runs
//! every killer over every case of its end and needs the release profile.
//! `KILLER=name` narrows it down and shows findings; `ALL=1` runs all cases of the killer's end.

#![expect(clippy::print_stdout, reason = "shown by --nocapture")]

#[expect(dead_code, reason = "each test uses its part")]
mod common;

use proofmark_engine::run::killing::sort_out;
use proofmark_lineup::killers;

#[test]
fn every_killer_is_noticed_by_the_cases_of_what_it_breaks() {
    let suite = common::Suite::load();
    let wanted = std::env::var("KILLER").unwrap_or_default();
    let all = std::env::var("ALL").is_ok();
    let mut bad = String::new();
    let chosen: Vec<_> = killers::all().into_iter().filter(|killer| killer.name.contains(&wanted)).collect();
    assert!(!chosen.is_empty(), "no killer is called like `{wanted}`");
    for killer in chosen {
        let target = common::target(killer.name, killer.client(), killer.server());
        let results = if all { suite.run(target, Some(killer.is_server())) } else { suite.run_proving(target, killer.breaks) };
        let kill = sort_out(killer.breaks, &results.iter().map(|done| done.result.clone()).collect::<Vec<_>>());
        println!("{:<50} killed {}, survivors {:?}, casualties {:?}", killer.name, kill.killed.len(), kill.survivors, kill.casualties);
        if !kill.survivors.is_empty() || !kill.casualties.is_empty() {
            bad.push_str(&format!("{}: survivors {:?}, casualties {:?}\n", killer.name, kill.survivors, kill.casualties));
        }
        if !wanted.is_empty() {
            for done in results.iter().filter(|done| kill.casualties.contains(&done.result.id) || kill.killed.contains(&done.result.id)) {
                println!("{}", common::describe(done));
            }
        }
    }
    assert!(bad.is_empty(), "{bad}");
}
