//! From misses to findings to a verdict.

use std::time::Duration;

use proofmark_record::{Event, Finding, Owed, Slot, Verdict, What};

use super::standing;
use super::view::{Miss, View};
use crate::case::{Case, Level};
use crate::check::Check;

/// What judging says of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where it does not rest on findings.
    pub reason: Option<String>,
    /// All findings.
    pub findings: Vec<Finding>,
    /// The largest lag of our timers.
    pub timer_lag: Duration,
}

/// Judges a transcript. Pure: the same case, events and tolerance give the same verdict.
pub fn judge(case: &Case, events: &[Event], tolerance: Duration) -> Judged {
    let findings = findings(case, events, tolerance);
    let timer_lag = Duration::from_nanos(
        events.iter().filter_map(|event| if let What::TimerLag { max_ns } = event.what { Some(max_ns) } else { None }).max().unwrap_or(0),
    );
    let misses = findings.iter().any(is_hard);
    let lagged = timer_lag > tolerance || (misses && lag_explains(case, events, tolerance, timer_lag));
    let (verdict, reason) = verdict(case, events, &findings, lagged);
    Judged { verdict, reason, findings, timer_lag }
}

fn findings(case: &Case, events: &[Event], tolerance: Duration) -> Vec<Finding> {
    let view = View::new(events, tolerance);
    let mut findings = Vec::new();
    for check in &case.then {
        judge_check(check, &view, Slot::Must, &mut findings);
    }
    for (name, miss) in standing::judge(case, &view) {
        findings.push(finding(name, Slot::Standing, miss));
    }
    fold(findings)
}

/// Whether a system whose timers are as late as ours, at either end of an interval, would have kept every time that was missed. Then nobody can tell.
fn lag_explains(case: &Case, events: &[Event], tolerance: Duration, lag: Duration) -> bool {
    lag > GRAIN && !findings(case, events, tolerance + lag * 2).iter().any(is_hard)
}

fn is_hard(finding: &Finding) -> bool {
    matches!(finding.slot, Slot::Must | Slot::Standing)
}

/// The grain of timers: less is no lag.
const GRAIN: Duration = Duration::from_millis(2);

fn judge_check(check: &Check, view: &View<'_>, slot: Slot, findings: &mut Vec<Finding>) {
    match check {
        Check::Stimulus(stimulus) => stimulus.0.iter().for_each(|check| judge_check(check, view, Slot::Stimulus, findings)),
        Check::Should(should) => {
            let slot = if slot == Slot::Must { Slot::Should } else { slot };
            should.0.iter().for_each(|check| judge_check(check, view, slot, findings));
        }
        _ => findings.extend(check.judge(view).into_iter().map(|miss| finding(check.name(), slot, miss))),
    }
}

fn finding(check: &str, slot: Slot, miss: Miss) -> Finding {
    let Miss { expected, observed, event, timing } = miss;
    Finding { check: check.to_owned(), slot, expected, observed, event, times: 1, timing }
}

/// Findings of one kind, told once with their number.
fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut folded: Vec<Finding> = Vec::new();
    for finding in findings {
        let strip = |text: &str| text.split_once(": ").map_or(text.to_owned(), |(_, rest)| rest.to_owned());
        let same = folded.iter_mut().find(|other| {
            other.check == finding.check
                && other.slot == finding.slot
                && strip(&other.expected) == strip(&finding.expected)
                && other.observed == finding.observed
        });
        match same {
            Some(other) => other.times += 1,
            None => folded.push(finding),
        }
    }
    folded
}

fn verdict(case: &Case, events: &[Event], findings: &[Finding], lagged: bool) -> (Verdict, Option<String>) {
    if let Some(text) =
        events.iter().find_map(|event| if let What::HarnessError { text } = &event.what { Some(text.clone()) } else { None })
    {
        return (Verdict::HarnessError, Some(text));
    }
    if let Some(text) =
        events.iter().find_map(|event| if let What::SystemError { text, .. } = &event.what { Some(text.clone()) } else { None })
    {
        return (Verdict::SystemError, Some(text));
    }
    let owed = |wanted: Owed| {
        events.iter().find_map(|event| match &event.what {
            What::Owed { by, text } if *by == wanted => Some(text.clone()),
            _ => None,
        })
    };
    if let Some(text) = owed(Owed::Harness) {
        return (Verdict::Inconclusive, Some(format!("the stimulus did not happen: {text}")));
    }
    if let Some(miss) = findings.iter().find(|finding| finding.slot == Slot::Stimulus) {
        return (
            Verdict::Inconclusive,
            Some(format!("the stimulus did not happen: {} wanted {}, saw {}", miss.check, miss.expected, miss.observed)),
        );
    }
    let hard: Vec<&Finding> = findings.iter().filter(|finding| is_hard(finding)).collect();
    if !hard.is_empty() {
        if lagged && hard.iter().all(|finding| finding.timing) {
            return (Verdict::Inconclusive, Some("the machine was too slow to judge times".into()));
        }
        let standing = hard.iter().any(|finding| finding.slot == Slot::Standing);
        return match case.level {
            _ if standing => (Verdict::Fail, None),
            Level::Must => (Verdict::Fail, None),
            Level::Should | Level::Convention => (Verdict::Warn, None),
            Level::May => (Verdict::Info, None),
        };
    }
    if let Some(text) = owed(Owed::System) {
        return (Verdict::Inconclusive, Some(text));
    }
    if let Some(awaited) =
        events.iter().find_map(|event| if let What::LimitReached { awaited } = &event.what { Some(awaited.clone()) } else { None })
    {
        return (Verdict::Fail, Some(format!("hang: the case ran into its limit while waiting for {awaited}")));
    }
    if findings.iter().any(|finding| finding.slot == Slot::Should) {
        return (Verdict::Warn, None);
    }
    (Verdict::Pass, None)
}
