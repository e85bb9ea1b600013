//! Temporary look.
mod common;
use proofmark_lineup::killers;
#[test]
fn look() {
    let suite = common::Suite::load();
    let wanted = std::env::var("KILLER").unwrap_or_default();
    for killer in killers::all().into_iter().filter(|killer| wanted.split(',').any(|name| name == killer.name)) {
        for done in suite.run(common::target(killer.name, killer.client(), killer.server()), Some(killer.is_server())) {
            println!("{} {}", killer.name, common::describe(&done));
        }
    }
}
