//! Two releases of one system side by side: what is newly broken, what is newly fixed.

use std::fmt::Write as _;

use proofmark_record::{CaseResult, Record, Verdict};

/// A line for each case whose verdict differs between two releases, in the order in which the systems were named. Empty where no two systems are releases of one.
pub fn compare(record: &Record) -> String {
    let mut out = String::new();
    let names: Vec<&str> = record.systems.iter().map(|system| system.name.as_str()).collect();
    for (place, before) in names.iter().enumerate() {
        for after in &names[place + 1..] {
            if base(before) == base(after) {
                out.push_str(&between(record, before, after));
            }
        }
    }
    out
}

fn base(name: &str) -> &str {
    name.split_once('@').map_or(name, |(base, _)| base)
}

fn between(record: &Record, before: &str, after: &str) -> String {
    let of = |system: &str, id: &str| record.cases.iter().find(|case| case.system == system && case.id == id);
    let mut broken = Vec::new();
    let mut fixed = Vec::new();
    for case in record.cases.iter().filter(|case| case.system == after) {
        let Some(old) = of(before, &case.id) else { continue };
        match (holds(old), holds(case)) {
            (Some(true), Some(false)) => broken.push(case),
            (Some(false), Some(true)) => fixed.push(case),
            _ => {}
        }
    }
    let mut out = format!("{before} -> {after}: {} newly broken, {} newly fixed\n", broken.len(), fixed.len());
    let mut list = |what: &str, cases: &[&CaseResult]| {
        for case in cases {
            let _ = writeln!(out, "  {what:<12} {} ({})", case.id, case.verdict);
        }
    };
    list("newly broken", &broken);
    list("newly fixed", &fixed);
    out
}

/// Whether a case holds; nothing where it was not judged.
fn holds(case: &CaseResult) -> Option<bool> {
    match case.verdict {
        Verdict::Pass | Verdict::Info => Some(true),
        Verdict::Fail | Verdict::Warn | Verdict::SystemError => Some(false),
        Verdict::Unsupported | Verdict::Skipped | Verdict::Inconclusive | Verdict::HarnessError => None,
    }
}
