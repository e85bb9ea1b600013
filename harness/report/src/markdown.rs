//! `summary.md`: a step summary for CI.

use std::io::{self, Write};

use proofmark_record::{CaseResult, Overlay, Record, Verdict};

use crate::compare::compare;
use crate::matrix::areas;
use crate::terminal::{failure, proven, transcript};

/// Writes the summary, below 1 MiB.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Proofmark\n")?;
    let totals: Vec<String> =
        record.totals().into_iter().filter(|(_, count)| *count > 0).map(|(verdict, count)| format!("{count} {verdict}")).collect();
    writeln!(out, "{} cases: {}\n", record.cases.len(), totals.join(", "))?;
    writeln!(out, "{}", areas(record))?;
    for (system, ids) in proven(record) {
        writeln!(out, "- `{system}`: {} of {} requirements of the catalogue proven", ids.len(), record.run.requirements)?;
    }
    let compared = compare(record);
    if !compared.is_empty() {
        writeln!(out, "\n```text\n{compared}```")?;
    }
    let of = |wanted: &[Verdict]| record.cases.iter().filter(|case| wanted.contains(&case.verdict)).collect::<Vec<_>>();
    let failed: Vec<&CaseResult> = of(&[Verdict::Fail, Verdict::SystemError, Verdict::HarnessError, Verdict::Warn, Verdict::Pass])
        .into_iter()
        .filter(|case| case.is_bad())
        .collect();
    if !failed.is_empty() {
        writeln!(out, "\n## Failures\n")?;
    }
    for case in failed.iter().take(SHOWN) {
        writeln!(
            out,
            "<details><summary><code>{}</code> on {}: {}</summary>\n\n```text\n{}\n```\n\n</details>\n",
            case.id,
            case.system,
            if case.verdict == Verdict::Pass { "unexpected pass".to_owned() } else { case.verdict.to_string() },
            fence(&failure(case, transcript(record, case)))
        )?;
    }
    if failed.len() > SHOWN {
        writeln!(out, "{} more are in `report.json`.\n", failed.len() - SHOWN)?;
    }
    known(record, out)?;
    list(out, "Inconclusive", &of(&[Verdict::Inconclusive]))?;
    writeln!(out, "\nReplay: `proofmark run --seed {}`", record.run.seed)
}

fn list(out: &mut dyn Write, title: &str, cases: &[&CaseResult]) -> io::Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {title}\n")?;
    for case in cases {
        writeln!(out, "- `{}` on {}: {}", case.id, case.system, case.reason.as_deref().unwrap_or("no reason is known"))?;
    }
    Ok(())
}

fn known(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut any = false;
    for case in &record.cases {
        let Some(Overlay::KnownDeviation { reason, link }) = &case.overlay else { continue };
        if !std::mem::replace(&mut any, true) {
            writeln!(out, "\n## Known deviations\n")?;
        }
        let link = if link.starts_with("http") { format!("<{link}>") } else { link.clone() };
        writeln!(out, "- `{}` on {} ({}): {} {link}", case.id, case.system, case.verdict, reason.trim())?;
    }
    Ok(())
}

/// A text that cannot end the block it stands in.
fn fence(text: &str) -> String {
    text.replace("```", "'''")
}

/// Failures shown in full.
const SHOWN: usize = 20;
