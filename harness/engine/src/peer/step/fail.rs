//! Step `fail`.

use serde::Deserialize;

use crate::case::{StatusCode, Template, payload::Fields};

/// Waits for the caller's half-close, then ends the stream with a status: Trailers-Only where nothing was sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fail {
    /// The status.
    pub status: StatusCode,
    /// Its message, as text; percent-encoded on the wire.
    pub status_message: Option<Template>,
    /// Further fields of the block, word for word.
    #[serde(default)]
    pub fields: Fields,
}
