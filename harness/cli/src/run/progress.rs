//! Live progress: a bar on a terminal, plain lines elsewhere; failures as soon as they happen.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use proofmark_engine::run::execute::Done;
use proofmark_report::terminal::failure;

use crate::context::Context;

/// The progress of some systems.
pub(crate) struct Progress<'a> {
    context: &'a Context,
    bar: ProgressBar,
    counts: Mutex<BTreeMap<String, Counts>>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    done: usize,
    bad: usize,
    said: usize,
}

impl<'a> Progress<'a> {
    /// For systems with so many cases each.
    pub(crate) fn new(context: &'a Context, systems: impl Iterator<Item = (String, usize)>) -> Self {
        let counts: BTreeMap<String, Counts> = systems.map(|(system, all)| (system, Counts { all, ..Counts::default() })).collect();
        let all: usize = counts.values().map(|counts| counts.all).sum();
        let target = if context.terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(all as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { context, bar, counts: Mutex::new(counts) }
    }

    /// Takes note of a case that is over.
    pub(crate) fn done(&self, done: &Done) {
        let mut all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let system = &done.result.system;
        let bad_before: usize = all.values().map(|counts| counts.bad).sum();
        let counts = all.entry(system.clone()).or_default();
        counts.done += 1;
        if done.result.is_bad() {
            counts.bad += 1;
            if bad_before < SHOWN {
                let shown = failure(&done.result, deciding_round(done));
                self.bar.suspend(|| self.context.complain(&shown));
            }
            self.bar.set_message(format!("{} not good", bad_before + 1));
        }
        self.bar.set_prefix(system.clone());
        self.bar.inc(1);
        let tenth = counts.done * 10 / counts.all.max(1);
        if !self.context.terminal && tenth > counts.said {
            counts.said = tenth;
            self.context.complain(&format!("{}: {}/{} cases, {} not good", system, counts.done, counts.all, counts.bad));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        let bad: usize = self.counts.lock().unwrap_or_else(PoisonError::into_inner).values().map(|counts| counts.bad).sum();
        self.bar.finish_and_clear();
        if bad > SHOWN {
            self.context.complain(&format!("{} more are listed at the end; all are in the reports", bad - SHOWN));
        }
    }
}

/// The transcript that the findings speak of: of the last round, which is the worst where rounds end at a failure.
fn deciding_round(done: &Done) -> &[proofmark_record::Event] {
    done.transcripts.get(done.worst_round).map(Vec::as_slice).unwrap_or_default()
}

/// Failures shown in full while the run goes on.
const SHOWN: usize = 30;
