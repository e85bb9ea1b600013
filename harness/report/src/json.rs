//! `report.json`: one document a run, for machines.

use std::io::{self, Write};

use proofmark_record::Record;
use serde_json::json;

use crate::terminal::proven;

/// Writes the document.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let lag = record.cases.iter().map(|case| case.timer_lag_ms).fold(0.0, f64::max);
    let cases: Vec<_> = record
        .cases
        .iter()
        .map(|case| {
            json!({
                "id": case.id,
                "area": case.area,
                "system": case.system,
                "role": case.role,
                "level": case.level,
                "owner": case.owner,
                "verdict": case.verdict,
                "overlay": case.overlay,
                "reason": case.reason,
                "requirements": case.requirements,
                "duration_ms": case.duration_ms,
                "timer_lag_ms": case.timer_lag_ms,
                "rounds": { "good": case.rounds.0, "ran": case.rounds.1 },
                "findings": case.findings,
                "replay": case.replay,
            })
        })
        .collect();
    let proven: serde_json::Map<String, serde_json::Value> =
        proven(record).into_iter().map(|(system, ids)| (system, json!(ids.len()))).collect();
    let document = json!({
        "schema": 1,
        "harness": { "version": record.run.harness, "catalogue": record.run.catalogue },
        "run": {
            "id": record.run.id,
            "seed": record.run.seed,
            "argv": record.run.argv,
            "machine": record.run.machine,
            "started_unix": record.run.started_unix,
            "duration_ms": record.end.as_ref().map(|end| end.duration_ms),
            "interrupted": record.end.as_ref().is_none_or(|end| end.interrupted),
            "exit": record.end.as_ref().map(|end| end.exit),
            "timer_lag_max_ms": lag,
        },
        "systems": record.systems,
        "totals": record.totals().into_iter().map(|(verdict, count)| (verdict.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "cases": cases,
        "requirements": { "total": record.run.requirements, "proven": proven },
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
