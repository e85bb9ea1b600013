//! Live progress: a bar on a terminal, plain lines elsewhere; failures as soon as they happen.

use std::sync::Mutex;
use std::sync::PoisonError;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use proofmark_engine::run::execute::Done;
use proofmark_report::terminal::failure;

use crate::context::Context;

/// The progress of one system.
pub(crate) struct Progress<'a> {
    context: &'a Context,
    bar: ProgressBar,
    system: String,
    all: usize,
    done: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    done: usize,
    bad: usize,
    said: usize,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(context: &'a Context, system: &str, all: usize) -> Self {
        let target = if context.terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(all as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(system.to_owned());
        Self { context, bar, system: system.to_owned(), all, done: Mutex::default() }
    }

    /// Takes note of a case that is over.
    pub(crate) fn done(&self, done: &Done) {
        let mut counts = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        counts.done += 1;
        if done.result.is_bad() {
            counts.bad += 1;
            if counts.bad <= SHOWN {
                let shown = failure(&done.result, deciding_round(done));
                self.bar.suspend(|| self.context.complain(&shown));
            }
            self.bar.set_message(format!("{} not good", counts.bad));
        }
        self.bar.inc(1);
        let tenth = counts.done * 10 / self.all.max(1);
        if !self.context.terminal && tenth > counts.said {
            counts.said = tenth;
            self.context.complain(&format!("{}: {}/{} cases, {} not good", self.system, counts.done, self.all, counts.bad));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        let bad = self.done.lock().unwrap_or_else(PoisonError::into_inner).bad;
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
