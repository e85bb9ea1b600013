//! Check `config`.

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
