//! Step `window`.

use crate::peer::script::Script;
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

impl Window {
    pub(crate) fn run(&self, script: &Script) {
        let stream = self.stream.or(script.stream).unwrap_or(0);
        script.conn.grant(stream, u32::try_from(self.size.0).unwrap_or(u32::MAX));
    }
}
