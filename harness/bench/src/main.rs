//! Prints speed and memory: the suite in process beside a bare tonic pair, the reference service beside tonic's server, the reference channel beside
//! tonic's, the Go peer beside connectrpc's conformance runner. Everything is measured in the same run; nothing asserts a time.

mod failing;
mod pair;
mod peers;
mod plain;
mod suite;
mod wire;

use std::io::Write;

fn main() -> anyhow::Result<()> {
    let rounds = 3;
    say(&suite::measure()?);
    say(&pair::measure()?);
    say(&failing::measure()?);
    for round in 1..=rounds {
        say(&format!("round {round} of {rounds}\n{}", wire::measure()?));
    }
    say(&peers::measure()?);
    Ok(())
}

fn say(text: &str) {
    // a reader that has gone ends nothing
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}
