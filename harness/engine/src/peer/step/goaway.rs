//! Step `goaway`.

use crate::peer::script::Script;
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

impl Goaway {
    pub(crate) fn run(&self, script: &Script) {
        let context = script.stage.context(script.round);
        let debug = self.debug.as_ref().map(|debug| debug.expand(&context)).unwrap_or_default();
        let error = proofmark_wire::ErrorCode(self.error.map_or(0, |error| error.0));
        script.conn.goaway(self.last_stream_id, error, debug.into());
    }
}
