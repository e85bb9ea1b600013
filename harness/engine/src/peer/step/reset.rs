//! Step `reset`.

use crate::peer::script::Script;
use serde::Deserialize;

use crate::case::ErrorCode;

/// Resets the stream with this error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Reset(pub ErrorCode);

impl Reset {
    pub(crate) fn run(&self, script: &Script) {
        if let Some(id) = script.id("reset") {
            script.conn.reset(id, proofmark_wire::ErrorCode(self.0.0));
        }
    }
}
