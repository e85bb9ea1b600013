//! Judges killers: does each broken variant fail the cases of the requirements that it breaks, and no others?

use std::collections::{BTreeMap, BTreeSet};

use proofmark_record::{CaseResult, Level, Verdict};

/// What a killer did to the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kill {
    /// Cases that it failed, and that prove what it breaks.
    pub killed: Vec<String>,
    /// Requirements that it breaks, of which no case failed.
    pub survivors: Vec<String>,
    /// Cases that it failed although they prove nothing of what it breaks.
    pub casualties: Vec<String>,
}

/// Sorts the results of all cases under one killer.
pub fn sort_out(breaks: &[&str], results: &[CaseResult]) -> Kill {
    let mut kill = Kill::default();
    let mut struck: BTreeSet<&str> = BTreeSet::new();
    for result in results.iter().filter(|result| is_failed(result)) {
        let declared: Vec<&str> =
            breaks.iter().copied().filter(|broken| result.requirements.iter().any(|requirement| requirement == broken)).collect();
        if declared.is_empty() {
            kill.casualties.push(result.id.clone());
        } else {
            kill.killed.push(result.id.clone());
            struck.extend(declared);
        }
    }
    kill.survivors = breaks.iter().filter(|broken| !struck.contains(*broken)).map(|broken| (*broken).to_owned()).collect();
    kill
}

/// Must-level cases that ran and that no killer failed.
pub fn without_killer(cases: &[CaseResult], kills: &BTreeMap<String, Kill>) -> Vec<String> {
    let killed: BTreeSet<&str> = kills.values().flat_map(|kill| &kill.killed).map(String::as_str).collect();
    cases
        .iter()
        .filter(|case| case.level == Level::Must && !matches!(case.verdict, Verdict::Unsupported | Verdict::Skipped))
        .filter(|case| !killed.contains(case.id.as_str()))
        .map(|case| case.id.clone())
        .collect()
}

/// Whether a case noticed that something is wrong.
pub fn is_failed(result: &CaseResult) -> bool {
    matches!(result.verdict, Verdict::Fail | Verdict::SystemError | Verdict::Warn)
}
