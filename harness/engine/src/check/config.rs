//! Check `config`.

use proofmark_record::{Outcome, What};

use crate::judge::{Miss, View};
use serde::Deserialize;

/// What became of the service config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Config {
    /// The client took it.
    Accepted,
    /// The channel was refused, or calls fail naming the config and reach no backend.
    Rejected,
}

impl Config {
    pub(crate) fn judge(self, view: &View<'_>) -> Vec<Miss> {
        let refused = view.events.iter().find(|event| matches!(event.what, What::ChannelRefused { .. }));
        let attempt = view.events.iter().find(|event| matches!(event.what, What::AttemptBegan(_)));
        let names_config = |outcome: &Outcome| match outcome {
            Outcome::Status(status) => status.code != 0 && status.message.lossy().to_lowercase().contains("service config"),
            Outcome::Refused { text } | Outcome::Exception { text } => text.to_lowercase().contains("config"),
            Outcome::Dropped => false,
        };
        let blamed = !view.calls.is_empty() && view.calls.iter().all(|seen| seen.ends.iter().any(|(_, outcome)| names_config(outcome)));
        match self {
            Self::Rejected if refused.is_some() || blamed && attempt.is_none() => Vec::new(),
            Self::Rejected => {
                let seen = if attempt.is_some() { "a call reached a backend" } else { "nothing names the config" };
                let miss = Miss::new("the channel is refused, or calls fail naming the config and reach no backend", seen);
                vec![attempt.map_or(miss.clone(), |event| miss.at(event))]
            }
            Self::Accepted => {
                refused.map(|event| Miss::new("the service config is accepted", "the channel was refused").at(event)).into_iter().collect()
            }
        }
    }
}
