//! What a person reads on the terminal.

use std::fmt::Write as _;
use std::io::{self, Write};

use indexmap::IndexMap;
use proofmark_record::{CaseResult, Event, Finding, Overlay, Owner, Record, Slot, Text, Verdict};

use crate::compare::compare;
use crate::ladder::excerpt;

/// Writes all failures and the totals.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    for case in &record.cases {
        if case.is_bad() {
            let events = transcript(record, case);
            writeln!(out, "{}", failure(case, events))?;
        }
    }
    write!(out, "{}", totals(record))
}

/// The transcript that belongs to a result: the first bad round has the number that the rounds say.
pub fn transcript<'a>(record: &'a Record, case: &CaseResult) -> &'a [Event] {
    record
        .transcripts
        .iter()
        .find(|((system, id, _), _)| *system == case.system && *id == case.id)
        .map(|(_, events)| events.as_slice())
        .unwrap_or_default()
}

/// A result that is not good, on at most a screen.
pub fn failure(case: &CaseResult, events: &[Event]) -> String {
    let mut out = String::new();
    let first = deciding(case);
    let unexpected = if let Some(Overlay::UnexpectedPass { reason }) = &case.overlay { Some(reason.as_str()) } else { None };
    let headline = match (first, &case.reason) {
        _ if unexpected.is_some() => format!("it passes, and the list of known deviations says: {}", unexpected.unwrap_or_default()),
        (Some(finding), None) => format!("wanted {}, saw {}", finding.expected, finding.observed),
        (_, Some(reason)) => reason.clone(),
        (None, None) => case.statement.clone(),
    };
    let severity = match case.verdict {
        Verdict::Pass => "unexpected pass",
        Verdict::Warn => "warning",
        Verdict::Inconclusive => "inconclusive",
        Verdict::SystemError => "system-error",
        Verdict::HarnessError => "harness-error",
        _ => "error",
    };
    let requirement = case.requirements.first().map_or(case.id.as_str(), String::as_str);
    let _ = writeln!(out, "{severity}[{requirement}]: {}", clip(&headline));
    let _ = writeln!(out, "  case    {}    {}    {} {}    requirement: explain {requirement}", case.id, case.level, case.role, case.system);
    let _ = writeln!(out, "  whose   {}", whose(case.owner));
    let _ = writeln!(out, "  must    {}", one_line(&case.statement));
    let _ = writeln!(out, "  source  {}", one_line(&case.source));
    if !events.is_empty() {
        let system = match case.pid {
            Some(pid) => format!("{} ({}, pid {pid})", case.role, case.system),
            None => format!("{} ({})", case.role, case.system),
        };
        let _ = writeln!(out, "\n            time  {:<56} {system}", "ours");
        let (around, expected) =
            first.map_or((None, case.reason.clone().unwrap_or_default()), |finding| (finding.event, finding.expected.clone()));
        out.push_str(&excerpt(events, around, &clip(&expected)));
        out.push('\n');
    }
    for finding in &case.findings {
        let slot = match finding.slot {
            Slot::Stimulus => "stimulus",
            Slot::Should => "should",
            Slot::Must | Slot::Standing => "must",
        };
        let times = if finding.times > 1 { format!("  ({} times)", finding.times) } else { String::new() };
        let _ = writeln!(out, "  {:<9} {}{times}", slot, finding.check);
        let _ = writeln!(out, "  expected  {}", clip(&finding.expected));
        let _ = writeln!(out, "  observed  {}", clip(&finding.observed));
    }
    let trust = match (case.timer_lag_ms > 100.0, case.findings.iter().any(|finding| finding.timing)) {
        (false, _) => "timing is trustworthy",
        (true, true) => "too slow to judge times",
        (true, false) => "too slow to judge times, and nothing here is about times",
    };
    let _ = writeln!(out, "  machine   timer lag max {:.1} ms during this case: {trust}", case.timer_lag_ms);
    let _ = writeln!(out, "  replay    {}", case.replay);
    out
}

/// One line a verdict that occurs, and how many requirements are proven on each system.
pub fn totals(record: &Record) -> String {
    let mut out = String::new();
    let counts: Vec<String> =
        record.totals().into_iter().filter(|(_, count)| *count > 0).map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let _ = writeln!(out, "{} cases: {}", record.cases.len(), if counts.is_empty() { "none".into() } else { counts.join(", ") });
    let of = |wanted: fn(&Overlay) -> bool| record.cases.iter().filter(|case| case.overlay.as_ref().is_some_and(wanted)).count();
    let known = of(|overlay| matches!(overlay, Overlay::KnownDeviation { .. }));
    let unexpected = of(|overlay| matches!(overlay, Overlay::UnexpectedPass { .. }));
    if known + unexpected > 0 {
        let _ = writeln!(out, "{known} of them are known deviations; {unexpected} passed unexpectedly");
    }
    out.push_str(&compare(record));
    for (system, proven) in proven(record) {
        let _ = writeln!(out, "{system}: {} of {} requirements of the catalogue proven", proven.len(), record.run.requirements);
    }
    out
}

/// The requirements that are proven on each system: every case of theirs that ran there passed, and at least one did.
pub fn proven(record: &Record) -> IndexMap<String, Vec<String>> {
    let mut by_system: IndexMap<String, IndexMap<String, bool>> = IndexMap::new();
    for case in &record.cases {
        if matches!(case.verdict, Verdict::Unsupported | Verdict::Skipped) {
            continue;
        }
        let known = by_system.entry(case.system.clone()).or_default();
        for requirement in &case.requirements {
            *known.entry(requirement.clone()).or_insert(true) &= case.verdict == Verdict::Pass;
        }
    }
    by_system
        .into_iter()
        .map(|(system, known)| {
            let mut proven: Vec<String> = known.into_iter().filter(|(_, holds)| *holds).map(|(requirement, _)| requirement).collect();
            proven.sort();
            (system, proven)
        })
        .collect()
}

/// A table of areas by systems: cases that are good, of those that ran.
pub fn table(record: &Record) -> String {
    let mut systems: Vec<&str> = Vec::new();
    let mut areas: Vec<&str> = Vec::new();
    for case in &record.cases {
        if !systems.contains(&case.system.as_str()) {
            systems.push(&case.system);
        }
        if !areas.contains(&case.area.as_str()) {
            areas.push(&case.area);
        }
    }
    areas.sort_unstable();
    let mut out = String::new();
    let _ = write!(out, "{:<16}", "area");
    systems.iter().for_each(|system| {
        let _ = write!(out, "  {system:>24}");
    });
    out.push('\n');
    for area in areas {
        let _ = write!(out, "{area:<16}");
        for system in &systems {
            let _ = write!(out, "  {:>24}", cell(record, area, system));
        }
        out.push('\n');
    }
    out
}

/// `good/ran` of an area on a system, and what is not good.
pub fn cell(record: &Record, area: &str, system: &str) -> String {
    let own: Vec<Verdict> =
        record.cases.iter().filter(|case| case.area == area && case.system == system).map(|case| case.verdict).collect();
    let left_out = own.iter().filter(|verdict| matches!(verdict, Verdict::Unsupported | Verdict::Skipped)).count();
    let ran = own.len() - left_out;
    let good = own.iter().filter(|verdict| matches!(verdict, Verdict::Pass | Verdict::Info)).count();
    let known = record
        .cases
        .iter()
        .filter(|case| case.area == area && case.system == system && matches!(case.overlay, Some(Overlay::KnownDeviation { .. })))
        .count();
    if own.is_empty() {
        return "-".into();
    }
    let rest = match (known, left_out) {
        (0, 0) => String::new(),
        (0, _) => format!(" ({left_out} left out)"),
        (_, 0) => format!(" ({known} known)"),
        _ => format!(" ({known} known, {left_out} left out)"),
    };
    format!("{good}/{ran}{rest}")
}

fn whose(owner: Owner) -> &'static str {
    match owner {
        Owner::Library => "the gRPC library's promise",
        Owner::Service => "the application's promise",
        Owner::Either => "the library's promise where it has it, else the application's",
    }
}

fn deciding(case: &CaseResult) -> Option<&Finding> {
    let of = |slot: Slot| case.findings.iter().find(|finding| finding.slot == slot);
    of(Slot::Must).or_else(|| of(Slot::Standing)).or_else(|| of(Slot::Stimulus)).or_else(|| of(Slot::Should))
}

fn one_line(text: &str) -> String {
    clip(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Cut to a bearable length, with control characters escaped: some of it is what a system said.
fn clip(text: &str) -> String {
    const LONGEST: usize = 400;
    let safe = Text::from(text).to_string();
    match safe.char_indices().nth(LONGEST) {
        Some((place, _)) => format!("{}...", &safe[..place]),
        None => safe,
    }
}
