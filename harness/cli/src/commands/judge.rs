//! `proofmark judge`: the same record must give the same verdicts.

use std::time::Duration;

use anyhow::{Result, bail};
use proofmark_engine::run::execute::judge_again;
use proofmark_record::{Record, Verdict};

use crate::args::JudgeArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::select::Suites;

pub(crate) fn run(args: &JudgeArgs, context: &Context) -> Result<Exit> {
    let record = Record::read(&args.record)?;
    if record.truncated {
        context.complain("warning: the last line of the record is cut short; it was left out");
    }
    let suites = Suites::load()?;
    let mut exit = Exit::Conforms;
    let (mut judged, mut different) = (0, 0);
    for result in &record.cases {
        if matches!(result.verdict, Verdict::Unsupported | Verdict::Skipped) {
            continue;
        }
        let Some(case) = suites.cases.iter().find(|case| case.id == result.id) else {
            bail!(
                "the record has the case `{}`, which this proofmark does not know; use the proofmark that wrote it ({})",
                result.id,
                record.run.harness
            );
        };
        let virtual_time = record.systems.iter().any(|system| system.name == result.system && system.tier == "in-process");
        let rounds: Vec<&[_]> = record
            .transcripts
            .iter()
            .filter(|((system, id, _), _)| *system == result.system && *id == result.id)
            .map(|(_, events)| events.as_slice())
            .collect();
        let Some(again) = judge_again(case, &rounds, virtual_time, Duration::from_millis(args.tolerance_ms)) else {
            bail!("the record has a verdict of `{}` on {} and no events of it", result.id, result.system);
        };
        judged += 1;
        if again.verdict != result.verdict {
            different += 1;
            context.complain(&format!("error: {} on {} was {} and is {} now", result.id, result.system, result.verdict, again.verdict));
        }
        if matches!(again.verdict, Verdict::Fail | Verdict::SystemError) {
            exit = exit.min(Exit::Fails);
        }
    }
    context.say(&format!("{judged} cases judged again, {different} with another verdict"));
    Ok(if different > 0 { Exit::HarnessError } else { exit })
}
