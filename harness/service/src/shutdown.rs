//! What a shutdown tells the connections, and how it hears from them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use proofmark_transport::watch;

/// How far the server is on its way out, as connections see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Not at all, or still in its lame-duck delay.
    #[default]
    Serving,
    /// Connections without a finished preface are closed.
    LameDuckOver,
    /// Watches that have not ended by themselves are ended.
    WatchesCut,
    /// What calls have written goes to the link before anything else.
    Flushing,
    /// GOAWAY.
    Leaving,
    /// Everything ends now.
    Forced,
}

/// Counts the connections that are ready, and those that have flushed.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    counts: Mutex<Counts>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Counts {
    ready: usize,
    flushed: usize,
}

/// A ready connection; dropped when it has ended.
#[derive(Debug)]
pub(crate) struct Seat {
    roster: Arc<Roster>,
    has_flushed: bool,
}

impl Roster {
    /// A connection is ready.
    pub(crate) fn join(self: &Arc<Self>) -> Seat {
        self.change(|counts| counts.ready += 1);
        Seat { roster: self.clone(), has_flushed: false }
    }

    /// Every connection has flushed. Waits for that.
    pub(crate) async fn all_flushed(&self) {
        let mut changes = self.changes.subscribe();
        while !self.are_all_flushed() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn are_all_flushed(&self) -> bool {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.flushed >= counts.ready
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_replace(());
    }
}

impl Seat {
    /// The connection has flushed.
    pub(crate) fn flushed(&mut self) {
        if !std::mem::replace(&mut self.has_flushed, true) {
            self.roster.change(|counts| counts.flushed += 1);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.roster.change(|counts| {
            counts.ready -= 1;
            counts.flushed -= usize::from(self.has_flushed);
        });
    }
}
