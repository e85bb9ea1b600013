//! Step `ack-ping`.

use crate::peer::script::Script;
use serde::Deserialize;

/// Acknowledges the oldest PING that has no acknowledgement yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckPing {}

impl AckPing {
    pub(crate) async fn run(&self, script: &Script) {
        script.conn.until(|conn| conn.ack_pings().then_some(())).await;
    }
}
