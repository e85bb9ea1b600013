//! Every case against the reference, in process: the `cargo test` face of the suites.
//! `CASE=text` narrows it down, `SHOW=1` shows ladders of what is not good.

#![expect(clippy::print_stdout, reason = "shown by --nocapture")]

#[expect(dead_code, reason = "each test uses its part")]
mod common;

use proofmark_record::Verdict;

#[test]
fn the_reference_passes_every_case() {
    let mut bad = String::new();
    for done in common::Suite::load().run(common::reference(), None) {
        let result = &done.result;
        println!("{:<14} {:>9.1} ms  {}", result.verdict.to_string(), result.duration_ms, result.id);
        if !matches!(result.verdict, Verdict::Pass | Verdict::Unsupported) {
            bad.push_str(&common::describe(&done));
        }
    }
    assert!(bad.is_empty(), "{bad}");
}
