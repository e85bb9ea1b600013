//! Step `send`, of peers and of calls.

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
