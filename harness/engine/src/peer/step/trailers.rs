//! Step `trailers`.

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
