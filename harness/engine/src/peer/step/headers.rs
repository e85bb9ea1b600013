//! Step `headers`.

use crate::peer::conn::BlockShape;
use crate::peer::script::{Script, replaced, response_fields};
use proofmark_record::BlockKind;
use proofmark_wire::Field;
use serde::Deserialize;

use crate::case::{ByteCount, payload::Fields};

/// Sends the response headers, or another header block in their place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Headers {
    /// The HTTP status; 200 unless said.
    pub http_status: Option<u16>,
    /// Further fields, word for word; one that is there already is replaced.
    pub fields: Fields,
    /// Names of fields that are left out.
    pub without: Vec<String>,
    /// Whether the stream ends here.
    pub end_stream: bool,
    /// Where the block is cut; the rest follows.
    pub pieces: Vec<ByteCount>,
}

impl Headers {
    pub(crate) fn run(&self, script: &Script) {
        let Some(id) = script.id("headers") else { return };
        let status = Field::new(":status", self.http_status.unwrap_or(200).to_string());
        let fields = replaced(replaced(response_fields(), &[status], &[]), &script.fields(&self.fields), &self.without);
        let block = if self.end_stream { BlockKind::Trailers } else { BlockKind::Response };
        script.conn.send_block(id, &fields, block, BlockShape { end_stream: self.end_stream, pieces: &self.pieces, pad: None });
    }
}
