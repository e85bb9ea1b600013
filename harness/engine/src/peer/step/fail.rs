//! Step `fail`.

use crate::peer::{conn::BlockShape, script::Script};
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

impl Fail {
    pub(crate) async fn run(&self, script: &Script) {
        let Some(id) = script.id("fail") else { return };
        script.half_closed(id).await;
        let context = script.stage.context(script.round);
        let message = self.status_message.as_ref().map(|message| message.expand(&context));
        let status = proofmark_wire::StatusCode(self.status.number());
        script.finish(id, status, message.as_deref(), &script.fields(&self.fields), &[], BlockShape::default());
    }
}
