//! Step `ack-ping`.

use serde::Deserialize;

/// Acknowledges the oldest PING that has no acknowledgement yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckPing {}
