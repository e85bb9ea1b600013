//! Every case against the reference, in process: the `cargo test` face of the suites.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proofmark_engine::run::execute::{Done, Options, Target, execute};
use proofmark_lineup::reference_client::{FEATURES, ReferenceClient};
use proofmark_record::Verdict;
use proofmark_system::Tier;
use proofmark_transport::Seed;

#[test]
fn the_reference_passes_every_case() {
    let catalogue = proofmark_suites::catalogue().unwrap_or_else(|errors| panic!("{errors}"));
    let cases = proofmark_suites::cases(&catalogue).unwrap_or_else(|errors| panic!("{errors}"));
    let mut features: BTreeSet<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    features.extend(["virtual-time".into()]);
    let target = Target { name: "reference".into(), client: Some(Arc::new(ReferenceClient::new())), server: None, tier: Tier::InProcess, features };
    let options = Options { seed: Seed(7), jobs: 2, tolerance: Duration::from_millis(100), scratch: std::env::temp_dir(), stop: Arc::new(AtomicBool::new(false)) };
    let selected: Vec<_> = cases.iter().collect();
    let done: Mutex<Vec<Done>> = Mutex::default();
    execute(&selected, &target, &options, &catalogue, &|case| done.lock().unwrap().push(case));
    let mut bad = String::new();
    for done in done.into_inner().unwrap() {
        let result = &done.result;
        println!("{:<14} {}", result.verdict.to_string(), result.id);
        if !matches!(result.verdict, Verdict::Pass | Verdict::Unsupported) {
            bad.push_str(&format!("{} {} {:?}\n", result.verdict, result.id, result.reason));
            for finding in &result.findings {
                bad.push_str(&format!("   {:?} {}: expected {}; observed {}\n", finding.slot, finding.check, finding.expected, finding.observed));
            }
            if std::env::var("SHOW").is_ok() {
                for event in &done.transcripts[0] {
                    bad.push_str(&format!("   {}\n", serde_json::to_string(event).unwrap()));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{bad}");
}
