//! Step `frame`, of peers and of calls.

use crate::peer::{conn::Conn, script::Script};
use proofmark_wire::RawFrame;
use serde::Deserialize;

use crate::case::{
    ByteCount, FrameType,
    hex::Hex,
    names::Flags,
    payload::{PayloadError, RawBytes},
};

/// Sends a raw frame, legal or not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Frame {
    /// Its type.
    pub kind: FrameType,
    /// Its flags; none unless said.
    pub flags: Flags,
    /// Its stream, 0 for the connection; the script's own, or outside a stream the connection, if absent.
    pub stream: Option<u32>,
    /// Its payload; empty if neither `hex` nor `size` is said.
    pub payload: RawBytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(rename = "type")]
    kind: FrameType,
    #[serde(default)]
    flags: Flags,
    stream: Option<u32>,
    hex: Option<Hex>,
    size: Option<ByteCount>,
}

impl TryFrom<Keys> for Frame {
    type Error = PayloadError;

    fn try_from(Keys { kind, flags, stream, hex, size }: Keys) -> Result<Self, PayloadError> {
        Ok(Self { kind, flags, stream, payload: RawBytes::from_keys(hex, size)? })
    }
}

impl Frame {
    pub(crate) fn run(&self, script: &Script) {
        self.send(&script.conn, script.stream);
    }

    /// Sends the frame, by default on `own`.
    pub(crate) fn send(&self, conn: &Conn, own: Option<u32>) {
        let stream = self.stream.or(own).unwrap_or(0);
        conn.send_raw(RawFrame::new(self.kind.0, self.flags.0, stream, self.payload.to_bytes()));
    }
}
