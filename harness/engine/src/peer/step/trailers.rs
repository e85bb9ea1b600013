//! Step `trailers`.

use crate::peer::{conn::BlockShape, script::Script};
use serde::Deserialize;

use crate::case::{ByteCount, StatusCode, Template, payload::Fields};

/// Ends the stream with trailers, without waiting for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Trailers {
    /// The status; OK unless said.
    pub status: Option<StatusCode>,
    /// Its message, as text; percent-encoded on the wire.
    pub status_message: Option<Template>,
    /// Further fields, word for word; one that is there already is replaced.
    pub fields: Fields,
    /// Names of fields that are left out.
    pub without: Vec<String>,
    /// Where the block is cut; the rest follows.
    pub pieces: Vec<ByteCount>,
}

impl Trailers {
    pub(crate) fn run(&self, script: &Script) {
        let Some(id) = script.id("trailers") else { return };
        let context = script.stage.context(script.round);
        let message = self.status_message.as_ref().map(|message| message.expand(&context));
        let status = proofmark_wire::StatusCode(self.status.map_or(0, StatusCode::number));
        let shape = BlockShape { pieces: &self.pieces, ..BlockShape::default() };
        script.finish(id, status, message.as_deref(), &script.fields(&self.fields), &self.without, shape);
    }
}
