//! Step `send`, of peers and of calls.

use crate::peer::{conn::OutMessage, script::Script};
use crate::profile::{self, Side};
use crate::run::stage::{Round, Stage};
use proofmark_record::What;
use serde::Deserialize;
use serde_json::Value;

use crate::case::{
    ByteCount, Template,
    hex::Hex,
    payload::{Payload, PayloadError, PayloadKeys},
};

/// Sends one message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Send {
    /// What it says; what the operation needs if absent.
    pub payload: Option<Payload>,
    /// The compressed-flag byte in front of it, in place of what is true.
    pub flag: Option<u8>,
    /// The length in front of it, in place of what is true.
    pub declare: Option<ByteCount>,
    /// What it is compressed with.
    pub encoding: Option<String>,
    /// Where the message with its prefix is cut into DATA frames; the rest follows.
    pub pieces: Vec<ByteCount>,
    /// Padding of each DATA frame.
    pub pad: Option<ByteCount>,
    /// Whether the stream ends with it.
    pub end_stream: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Keys {
    text: Option<Template>,
    size: Option<ByteCount>,
    hex: Option<Hex>,
    json: Option<Value>,
    flag: Option<u8>,
    declare: Option<ByteCount>,
    encoding: Option<String>,
    #[serde(default)]
    pieces: Vec<ByteCount>,
    pad: Option<ByteCount>,
    #[serde(default)]
    end_stream: bool,
}

impl TryFrom<Keys> for Send {
    type Error = PayloadError;

    fn try_from(keys: Keys) -> Result<Self, PayloadError> {
        let Keys { text, size, hex, json, flag, declare, encoding, pieces, pad, end_stream } = keys;
        let payload = PayloadKeys { text, size, hex, json }.at_most_one()?;
        Ok(Self { payload, flag, declare, encoding, pieces, pad, end_stream })
    }
}

impl Send {
    pub(crate) async fn run(&self, script: &Script) {
        let Some(id) = script.id("send") else { return };
        script.ensure_headers(id);
        let path = script.conn.with_stream(id, |stream| stream.place.path.clone()).unwrap_or_default();
        let message = self.message(&script.stage, script.round, &path, Side::Response, || profile::default_response(&path));
        script.conn.send_message(id, &message).await;
    }

    /// The message with everything that is said of its frame.
    pub(crate) fn message(&self, stage: &Stage, round: Round, path: &str, side: Side, default: impl FnOnce() -> Vec<u8>) -> OutMessage {
        let data = match &self.payload {
            Some(payload) => profile::encode(path, side, payload, &stage.context(round)).unwrap_or_else(|text| {
                stage.transcript().write(What::HarnessError { text: format!("a message cannot be built: {text}") });
                Vec::new()
            }),
            None => default(),
        };
        OutMessage {
            data,
            flag: self.flag.unwrap_or(0),
            declared: self.declare.map(|declare| u32::try_from(declare.0).unwrap_or(u32::MAX)),
            pieces: self.pieces.clone(),
            pad: self.pad,
            end_stream: self.end_stream,
        }
    }
}
