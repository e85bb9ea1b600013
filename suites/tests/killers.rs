//! Every killer against every case of its end, in process.
//! `KILLER=name` and `CASE=text` narrow it down.

#![expect(clippy::print_stdout, reason = "shown by --nocapture")]

mod common;

use std::collections::BTreeMap;

use proofmark_engine::run::killing::{self, sort_out};
use proofmark_lineup::killers;

#[test]
fn every_must_level_case_has_a_killer_and_no_killer_hurts_others() {
    let suite = common::Suite::load();
    let wanted = std::env::var("KILLER").unwrap_or_default();
    let mut kills = BTreeMap::new();
    let mut bad = String::new();
    for killer in killers::all().into_iter().filter(|killer| killer.name.contains(&wanted)) {
        let results = suite.run(common::target(killer.name, killer.client(), killer.server()), Some(killer.is_server()));
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
        kills.insert(killer.name.to_owned(), kill);
    }
    if wanted.is_empty() {
        let reference: Vec<_> = suite.run(common::reference(), None).into_iter().map(|done| done.result).collect();
        let missing = killing::without_killer(&reference, &kills);
        println!("{} must-level cases without a killer: {missing:#?}", missing.len());
    }
    assert!(bad.is_empty(), "{bad}");
}
