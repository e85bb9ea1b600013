//! Step `close`.

use crate::peer::script::Script;
use serde::Deserialize;

use crate::case::fault::CloseHow;

/// Closes the connection, in order or by reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Close(pub CloseHow);

impl Close {
    pub(crate) fn run(&self, script: &Script) {
        script.conn.close(self.0);
    }
}
