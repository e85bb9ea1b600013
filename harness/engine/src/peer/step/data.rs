//! Step `data`, of peers and of calls.

use crate::peer::{conn::Conn, script::Script};
use serde::Deserialize;

use crate::case::{
    ByteCount,
    hex::Hex,
    payload::{PayloadError, RawBytes},
};

/// Sends raw bytes in a DATA frame, without a message's prefix.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Data {
    /// The bytes; none if neither `hex` nor `size` is said.
    pub bytes: RawBytes,
    /// Padding of the frame.
    pub pad: Option<ByteCount>,
    /// Whether the stream ends with it.
    pub end_stream: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Keys {
    hex: Option<Hex>,
    size: Option<ByteCount>,
    pad: Option<ByteCount>,
    #[serde(default)]
    end_stream: bool,
}

impl TryFrom<Keys> for Data {
    type Error = PayloadError;

    fn try_from(Keys { hex, size, pad, end_stream }: Keys) -> Result<Self, PayloadError> {
        Ok(Self { bytes: RawBytes::from_keys(hex, size)?, pad, end_stream })
    }
}

impl Data {
    pub(crate) async fn run(&self, script: &Script) {
        if let Some(id) = script.id("data") {
            self.send(&script.conn, id).await;
        }
    }

    /// Sends the bytes on a stream, as window allows.
    pub(crate) async fn send(&self, conn: &Conn, id: u32) {
        conn.send_data(id, self.bytes.to_bytes().into(), &[], self.pad, self.end_stream).await;
    }
}
