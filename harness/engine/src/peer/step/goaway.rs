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
    /// The last stream that is served is the one before the script's own, whatever numbers the client gives its streams.
    pub before_own: bool,
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
        // a client's numbers go up by two at least
        let before_own = script.stream.filter(|_| self.before_own).map(|own| own.saturating_sub(2));
        script.conn.goaway(before_own.or(self.last_stream_id), error, debug.into());
    }
}
