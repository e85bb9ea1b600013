//! Step `headers`.

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
