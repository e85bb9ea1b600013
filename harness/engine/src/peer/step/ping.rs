//! Step `ping`.

use crate::peer::script::Script;
use serde::Deserialize;

use crate::case::hex::Hex;

/// Sends PING on the connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ping {
    /// Its eight bytes, or as many as the case wants; a fresh eight unless said.
    pub payload: Option<Hex>,
}

impl Ping {
    pub(crate) fn run(&self, script: &Script) {
        script.conn.ping(self.payload.as_ref().map(|hex| hex.0.as_slice()));
    }
}
