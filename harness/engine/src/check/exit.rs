//! Check `exit`.

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
