//! Step `reset`.

use serde::Deserialize;

use crate::case::ErrorCode;

/// Resets the stream with this error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Reset(pub ErrorCode);
