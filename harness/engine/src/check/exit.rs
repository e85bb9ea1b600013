//! Check `exit`.

use proofmark_record::What;

use crate::judge::{Miss, View};
use serde::Deserialize;

/// How the system's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// Whether by itself and with status 0.
    pub clean: Option<bool>,
    /// The exit status.
    pub status: Option<i32>,
}

impl Exit {
    pub(crate) fn judge(self, view: &View<'_>) -> Vec<Miss> {
        let exit = view.events.iter().rev().find_map(|event| match event.what {
            What::ProcessExited { status, .. } => Some((event, status)),
            _ => None,
        });
        let Some((event, status)) = exit else { return vec![Miss::new("the process exits", "it still runs")] };
        let shown = status.map_or("ended by a signal".to_owned(), |status| format!("status {status}"));
        let mut misses = Vec::new();
        if let Some(clean) = self.clean.filter(|clean| *clean != (status == Some(0))) {
            misses.push(Miss::new(if clean { "a clean exit (status 0)" } else { "an exit that is not clean" }, shown.clone()).at(event));
        }
        if let Some(wanted) = self.status.filter(|wanted| Some(*wanted) != status) {
            misses.push(Miss::new(format!("exit status {wanted}"), shown).at(event));
        }
        misses
    }
}
