//! Step `hold`, of peers and of calls.

use serde::Deserialize;

/// Sends nothing more on this stream and keeps it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {}
