//! Step `goaway`.

use serde::Deserialize;

use crate::case::{ErrorCode, Template};

/// Sends GOAWAY on the connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Goaway {
    /// The last stream that is served; the last that was opened unless said.
    pub last_stream_id: Option<u32>,
    /// The error code; NO_ERROR unless said.
    pub error: Option<ErrorCode>,
    /// The debug data.
    pub debug: Option<Template>,
}
