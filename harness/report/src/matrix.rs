//! The matrix: who keeps which promise. Areas by systems, then requirements by systems, then each deviation with its ladder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexmap::{IndexMap, IndexSet};
use proofmark_record::{CaseResult, Overlay, Record, Verdict};
use serde_json::{Value, json};

use crate::ladder::excerpt;
use crate::terminal::{cell, transcript};

/// A matrix, ready to be written: the page, the same for machines, and a file for each deviation.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// `matrix.md`.
    pub page: String,
    /// `matrix.json`.
    pub json: Value,
    /// The summary table alone, for a README.
    pub summary: String,
    /// Ladders by file name.
    pub ladders: BTreeMap<String, String>,
}

/// Makes the matrix of a run.
pub fn matrix(record: &Record) -> Matrix {
    let requirements = requirements(record);
    let groups = deviations(record);
    let summary = areas(record);
    let mut page = String::from("# Who keeps which promise\n\n");
    introduce(record, &mut page);
    let _ = writeln!(page, "## Areas\n\nCases that hold, of those that ran; deviations that are explained below are `known`.\n\n{summary}");
    write_requirements(record, &requirements, &mut page);
    write_deviations(&groups, &mut page);
    let ladders = groups
        .iter()
        .filter_map(|group| {
            let case = group.cases.first()?;
            Some((ladder_file(case), excerpt_of(record, case)))
        })
        .collect();
    let json = json!({
        "schema": 1,
        "harness": { "version": record.run.harness, "catalogue": record.run.catalogue },
        "run": { "id": record.run.id, "seed": record.run.seed, "machine": record.run.machine, "started_unix": record.run.started_unix },
        "systems": record.systems.iter().map(|system| json!({ "name": system.name, "version": system.version, "role": system.role, "tier": system.tier })).collect::<Vec<_>>(),
        "requirements": requirements.iter().map(|(id, row)| json!({ "id": id, "owner": row.owner, "level": row.level, "statement": row.statement, "systems": row.states })).collect::<Vec<_>>(),
        "deviations": groups.iter().map(|group| json!({
            "system": group.system, "verdict": group.verdict, "cases": group.cases.iter().map(|case| &case.id).collect::<Vec<_>>(),
            "reason": group.reason, "link": group.link,
        })).collect::<Vec<_>>(),
        "totals": record.systems.iter().map(|system| (system.name.clone(), totals(record, &system.name))).collect::<serde_json::Map<_, _>>(),
    });
    Matrix { page, json, summary, ladders }
}

fn introduce(record: &Record, page: &mut String) {
    let machine = &record.run.machine;
    let _ = writeln!(
        page,
        "Run {} with seed {} and harness {}, on {} {} with {} cores. Every system ran the same cases; `proofmark run --system NAME --seed {}` repeats a column.\n",
        record.run.id, record.run.seed, record.run.harness, machine.os, machine.arch, machine.cores, record.run.seed
    );
    page.push_str("| system | version | roles | proven requirements |\n|---|---|---|---|\n");
    let proven = crate::terminal::proven(record);
    for system in &record.systems {
        let count = proven.get(&system.name).map_or(0, Vec::len);
        let _ = writeln!(page, "| {} | {} | {} | {count} |", system.name, system.version, system.role);
    }
    page.push('\n');
}

/// The table of areas by systems, in Markdown.
pub(crate) fn areas(record: &Record) -> String {
    let systems: Vec<&str> = record.systems.iter().map(|system| system.name.as_str()).collect();
    let areas: IndexSet<&str> = record.cases.iter().map(|case| case.area.as_str()).collect();
    let mut areas: Vec<&str> = areas.into_iter().collect();
    areas.sort_unstable();
    let mut table = format!("| area | {} |\n|---|{}\n", systems.join(" | "), "---|".repeat(systems.len()));
    for area in areas {
        let cells: Vec<String> = systems.iter().map(|system| cell(record, area, system)).collect();
        let _ = writeln!(table, "| {area} | {} |", cells.join(" | "));
    }
    table
}

struct Row {
    owner: String,
    level: String,
    statement: String,
    /// By system: `holds`, `deviates`, `fails`, `warns`, `unclear`, `not judged`.
    states: IndexMap<String, &'static str>,
}

fn requirements(record: &Record) -> BTreeMap<String, Row> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for case in &record.cases {
        for (place, id) in case.requirements.iter().enumerate() {
            let row = rows.entry(id.clone()).or_insert_with(|| Row {
                owner: String::new(),
                level: String::new(),
                statement: String::new(),
                states: IndexMap::new(),
            });
            // statement and owner in a result are those of its first requirement
            if place == 0 {
                row.owner = case.owner.to_string();
                row.level = case.level.to_string();
                row.statement = case.statement.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            let state = row.states.entry(case.system.clone()).or_insert("not judged");
            if rank(state_of(case)) > rank(state) {
                *state = state_of(case);
            }
        }
    }
    rows
}

fn state_of(case: &CaseResult) -> &'static str {
    match (&case.overlay, case.verdict) {
        (Some(Overlay::KnownDeviation { .. }), _) => "deviates",
        (_, Verdict::Pass | Verdict::Info) => "holds",
        (_, Verdict::Warn) => "warns",
        (_, Verdict::Fail | Verdict::SystemError | Verdict::HarnessError) => "fails",
        (_, Verdict::Inconclusive) => "unclear",
        (_, Verdict::Unsupported | Verdict::Skipped) => "not judged",
    }
}

fn rank(state: &str) -> u8 {
    match state {
        "holds" => 1,
        "unclear" => 2,
        "warns" => 3,
        "deviates" => 4,
        "fails" => 5,
        _ => 0,
    }
}

fn write_requirements(record: &Record, rows: &BTreeMap<String, Row>, page: &mut String) {
    let systems: Vec<&str> = record.systems.iter().map(|system| system.name.as_str()).collect();
    let _ = writeln!(
        page,
        "## Requirements\n\nWhose promise it is says where to look first: `library` in the library's tracker, `service` in one's own code.\n{} of {} requirements of the catalogue have cases in this run.\n",
        rows.len(),
        record.run.requirements
    );
    let _ = writeln!(page, "| requirement | whose | level | {} |\n|---|---|---|{}", systems.join(" | "), "---|".repeat(systems.len()));
    for (id, row) in rows {
        let cells: Vec<&str> = systems
            .iter()
            .map(|system| match row.states.get(*system).copied() {
                Some("holds") => "yes",
                Some("deviates") => "**no**",
                Some("fails") => "**fails**",
                Some("warns") => "warns",
                Some("unclear") => "?",
                _ => "",
            })
            .collect();
        let _ = writeln!(page, "| `{id}` | {} | {} | {} |", row.owner, row.level, cells.join(" | "));
    }
    page.push('\n');
}

struct Group<'a> {
    system: &'a str,
    verdict: Verdict,
    reason: String,
    link: String,
    cases: Vec<&'a CaseResult>,
}

/// What is not good, by system and explanation; what nobody has explained comes first.
fn deviations(record: &Record) -> Vec<Group<'_>> {
    let mut groups: IndexMap<(&str, String), Group<'_>> = IndexMap::new();
    for case in record.cases.iter().filter(|case| case.verdict.is_bad()) {
        let (key, reason, link) = match &case.overlay {
            Some(Overlay::KnownDeviation { reason, link }) => (reason.clone(), reason.clone(), link.clone()),
            _ => (case.id.clone(), String::new(), String::new()),
        };
        let new = || Group { system: &case.system, verdict: case.verdict, reason, link, cases: Vec::new() };
        groups.entry((&case.system, key)).or_insert_with(new).cases.push(case);
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().collect();
    groups.sort_by_key(|group| !group.reason.is_empty());
    groups
}

fn write_deviations(groups: &[Group<'_>], page: &mut String) {
    page.push_str("## Deviations\n\n");
    if groups.is_empty() {
        page.push_str("None.\n");
    }
    for group in groups {
        let Some(first) = group.cases.first() else { continue };
        let further = if group.cases.len() > 1 { format!(" and {} more cases", group.cases.len() - 1) } else { String::new() };
        let reason = if group.reason.is_empty() { "Not explained yet." } else { &group.reason };
        let link = if group.link.starts_with("http") { format!(" [upstream]({})", group.link) } else { format!(" {}", group.link) };
        let _ = writeln!(
            page,
            "- **{}**, `{}`{further} ({}, {}'s): {reason}{} [ladder](ladders/{})",
            group.system,
            first.id,
            group.verdict,
            first.owner,
            link.trim_end(),
            ladder_file(first)
        );
    }
}

fn ladder_file(case: &CaseResult) -> String {
    format!("{}-{}.txt", case.system.replace(['/', ':', '@'], "-"), case.id)
}

fn excerpt_of(record: &Record, case: &CaseResult) -> String {
    let finding = case.findings.first();
    let expected = finding.map(|finding| finding.expected.clone()).or_else(|| case.reason.clone()).unwrap_or_default();
    let observed = finding.map(|finding| format!("observed  {}\n", finding.observed)).unwrap_or_default();
    let ladder = excerpt(transcript(record, case), finding.and_then(|finding| finding.event), &expected);
    format!("{}\n{}\nsource  {}\n\n{ladder}\nexpected  {expected}\n{observed}", case.id, case.statement.trim(), case.source.trim())
}

fn totals(record: &Record, system: &str) -> Value {
    let of = |verdict: Verdict| record.cases.iter().filter(|case| case.system == system && case.verdict == verdict).count();
    Verdict::ALL.iter().map(|verdict| (verdict.to_string(), json!(of(*verdict)))).collect::<serde_json::Map<_, _>>().into()
}
