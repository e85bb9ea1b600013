//! Step `window`.

use serde::Deserialize;

use crate::case::ByteCount;

/// Sends WINDOW_UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How much is granted.
    pub size: ByteCount,
    /// To which stream, 0 for the connection; the script's own, or outside a stream the connection, if absent.
    pub stream: Option<u32>,
}
