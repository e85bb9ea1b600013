//! Frames of HTTP/2, RFC 9113 sections 4 and 6.

use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::code::ErrorCode;

/// A frame as it is on the wire; nothing about it is checked, so it can say anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Frame type, see [`kind`].
    pub kind: u8,
    /// Flags, see [`flag`].
    pub flags: u8,
    /// Stream identifier, 31 bits.
    pub stream: u32,
    /// All after the nine-byte head.
    pub payload: Bytes,
}

impl RawFrame {
    /// A frame of these parts.
    pub fn new(kind: u8, flags: u8, stream: u32, payload: impl Into<Bytes>) -> Self {
        Self { kind, flags, stream, payload: payload.into() }
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Appends the frame to `out`. Only the lower 24 bits of the length are written.
    pub fn encode(&self, out: &mut BytesMut) {
        out.reserve(HEAD + self.payload.len());
        out.put_uint(self.payload.len() as u64 & 0xff_ffff, 3);
        out.put_u8(self.kind);
        out.put_u8(self.flags);
        out.put_u32(self.stream & STREAM_MASK);
        out.put_slice(&self.payload);
    }

    /// The name of the type, `HEADERS`, or its number where it has none.
    pub fn name(&self) -> String {
        kind::name(self.kind).map_or_else(|| format!("{:#x}", self.kind), str::to_owned)
    }
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Part of a message body; the padding is taken off.
    Data {
        /// The bytes.
        data: Bytes,
        /// Length of the payload with padding: what flow control counts.
        flow: usize,
        /// The sender sends nothing more on the stream.
        end_stream: bool,
    },
    /// A header block or its first part; padding and priority are taken off.
    Headers {
        /// The HPACK bytes.
        block: Bytes,
        /// The block ends here.
        end_headers: bool,
        /// The sender sends nothing more on the stream.
        end_stream: bool,
    },
    /// Priority information; what it says is deprecated.
    Priority,
    /// The stream is over.
    RstStream(ErrorCode),
    /// Parameters of the connection, or their acknowledgement.
    Settings {
        /// An acknowledgement.
        ack: bool,
        /// Identifier and value, in order.
        values: Vec<(u16, u32)>,
    },
    /// A push; gRPC has no use for it.
    PushPromise,
    /// Measures a round trip, or answers.
    Ping {
        /// An answer.
        ack: bool,
        /// Eight bytes, given back in the answer.
        payload: [u8; 8],
    },
    /// The sender wants to end the connection.
    Goaway {
        /// The last stream that the sender may have acted on.
        last_stream: u32,
        /// Why.
        error: ErrorCode,
        /// For people.
        debug: Bytes,
    },
    /// More flow-control window, for the connection where the stream is 0.
    WindowUpdate(u32),
    /// A further part of a header block.
    Continuation {
        /// The HPACK bytes.
        block: Bytes,
        /// The block ends here.
        end_headers: bool,
    },
    /// A type that RFC 9113 does not name.
    Unknown,
}

impl Frame {
    /// Reads what a frame says.
    ///
    /// # Errors
    /// Where the payload does not have the form of its type. What only the state of the connection can tell is not checked.
    pub fn parse(raw: &RawFrame) -> Result<Self, Malformed> {
        let end_stream = raw.has(flag::END_STREAM);
        let end_headers = raw.has(flag::END_HEADERS);
        let mut payload = raw.payload.clone();
        Ok(match raw.kind {
            kind::DATA => Self::Data { data: unpad(raw)?, flow: raw.payload.len(), end_stream },
            kind::HEADERS => {
                let mut block = unpad(raw)?;
                if raw.has(flag::PRIORITY) {
                    if block.len() < 5 {
                        return Err(Malformed::new(raw, "is too short for its priority fields"));
                    }
                    block.advance(5);
                }
                Self::Headers { block, end_headers, end_stream }
            }
            kind::PRIORITY => Self::Priority,
            kind::RST_STREAM if payload.len() == 4 => Self::RstStream(ErrorCode(payload.get_u32())),
            kind::SETTINGS if payload.len().is_multiple_of(6) => {
                let mut values = Vec::with_capacity(payload.len() / 6);
                while payload.has_remaining() {
                    values.push((payload.get_u16(), payload.get_u32()));
                }
                Self::Settings { ack: raw.has(flag::ACK), values }
            }
            kind::PUSH_PROMISE => Self::PushPromise,
            kind::PING if payload.len() == 8 => {
                let mut bytes = [0; 8];
                payload.copy_to_slice(&mut bytes);
                Self::Ping { ack: raw.has(flag::ACK), payload: bytes }
            }
            kind::GOAWAY if payload.len() >= 8 => {
                Self::Goaway { last_stream: payload.get_u32() & STREAM_MASK, error: ErrorCode(payload.get_u32()), debug: payload }
            }
            kind::WINDOW_UPDATE if payload.len() == 4 => Self::WindowUpdate(payload.get_u32() & STREAM_MASK),
            kind::CONTINUATION => Self::Continuation { block: payload, end_headers },
            kind::RST_STREAM | kind::SETTINGS | kind::PING | kind::GOAWAY | kind::WINDOW_UPDATE => {
                return Err(Malformed::new(raw, "has a length that its type does not allow"));
            }
            _ => Self::Unknown,
        })
    }

    /// The frame as it goes on the wire.
    pub fn raw(&self, stream: u32) -> RawFrame {
        let end = |end_stream: bool| if end_stream { flag::END_STREAM } else { 0 };
        let done = |end_headers: bool| if end_headers { flag::END_HEADERS } else { 0 };
        let ack_flag = |ack: bool| if ack { flag::ACK } else { 0 };
        match self {
            Self::Data { data, end_stream, .. } => RawFrame::new(kind::DATA, end(*end_stream), stream, data.clone()),
            Self::Headers { block, end_headers, end_stream } => {
                RawFrame::new(kind::HEADERS, end(*end_stream) | done(*end_headers), stream, block.clone())
            }
            Self::Priority => RawFrame::new(kind::PRIORITY, 0, stream, vec![0; 5]),
            Self::RstStream(error) => RawFrame::new(kind::RST_STREAM, 0, stream, error.0.to_be_bytes().to_vec()),
            Self::Settings { ack, values } => {
                let mut payload = BytesMut::with_capacity(values.len() * 6);
                for (id, value) in values {
                    payload.put_u16(*id);
                    payload.put_u32(*value);
                }
                RawFrame::new(kind::SETTINGS, ack_flag(*ack), stream, payload)
            }
            Self::PushPromise => RawFrame::new(kind::PUSH_PROMISE, flag::END_HEADERS, stream, vec![0; 4]),
            Self::Ping { ack, payload } => RawFrame::new(kind::PING, ack_flag(*ack), stream, payload.to_vec()),
            Self::Goaway { last_stream, error, debug } => {
                let mut payload = BytesMut::with_capacity(8 + debug.len());
                payload.put_u32(*last_stream);
                payload.put_u32(error.0);
                payload.put_slice(debug);
                RawFrame::new(kind::GOAWAY, 0, stream, payload)
            }
            Self::WindowUpdate(increment) => RawFrame::new(kind::WINDOW_UPDATE, 0, stream, increment.to_be_bytes().to_vec()),
            Self::Continuation { block, end_headers } => RawFrame::new(kind::CONTINUATION, done(*end_headers), stream, block.clone()),
            Self::Unknown => RawFrame::new(0xfe, 0, stream, Bytes::new()),
        }
    }
}

fn unpad(raw: &RawFrame) -> Result<Bytes, Malformed> {
    let mut payload = raw.payload.clone();
    if !raw.has(flag::PADDED) {
        return Ok(payload);
    }
    if payload.is_empty() {
        return Err(Malformed::new(raw, "is padded and empty"));
    }
    let pad = usize::from(payload.get_u8());
    if pad > payload.len() {
        return Err(Malformed::new(raw, "has more padding than payload"));
    }
    Ok(payload.slice(..payload.len() - pad))
}

/// Turns bytes into frames. Bounded: a frame above the limit is an error as soon as its head is read.
#[derive(Debug)]
pub struct FrameReader {
    buffer: BytesMut,
    limit: usize,
}

impl FrameReader {
    /// Takes payloads of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit }
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, `None` where more bytes are needed.
    ///
    /// # Errors
    /// Where a frame declares more than the limit; what follows cannot be read.
    pub fn next_frame(&mut self) -> Result<Option<RawFrame>, Malformed> {
        let Some(head) = self.buffer.first_chunk::<HEAD>() else { return Ok(None) };
        let [l2, l1, l0, kind, flags, s3, s2, s1, s0] = *head;
        let length = usize::from(l2) << 16 | usize::from(l1) << 8 | usize::from(l0);
        let stream = u32::from_be_bytes([s3, s2, s1, s0]) & STREAM_MASK;
        if length > self.limit {
            let raw = RawFrame::new(kind, flags, stream, Bytes::new());
            return Err(Malformed::new(&raw, &format!("declares {length} bytes, more than the {} that were offered", self.limit)));
        }
        if self.buffer.len() < HEAD + length {
            return Ok(None);
        }
        self.buffer.advance(HEAD);
        Ok(Some(RawFrame { kind, flags, stream, payload: self.buffer.split_to(length).freeze() }))
    }

    /// Bytes that are no whole frame yet.
    pub fn rest(&self) -> &[u8] {
        &self.buffer
    }
}

/// A frame that its own bytes contradict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{frame} frame on stream {stream} {problem}")]
pub struct Malformed {
    /// The frame's type.
    pub frame: String,
    /// Its stream.
    pub stream: u32,
    /// What is wrong.
    pub problem: String,
}

impl Malformed {
    fn new(raw: &RawFrame, problem: &str) -> Self {
        Self { frame: raw.name(), stream: raw.stream, problem: problem.to_owned() }
    }
}

impl fmt::Display for RawFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s{} {} B", self.name(), self.stream, self.payload.len())
    }
}

/// Frame types.
pub mod kind {
    /// RFC 9113 section 6.1.
    pub const DATA: u8 = 0x0;
    /// RFC 9113 section 6.2.
    pub const HEADERS: u8 = 0x1;
    /// RFC 9113 section 6.3.
    pub const PRIORITY: u8 = 0x2;
    /// RFC 9113 section 6.4.
    pub const RST_STREAM: u8 = 0x3;
    /// RFC 9113 section 6.5.
    pub const SETTINGS: u8 = 0x4;
    /// RFC 9113 section 6.6.
    pub const PUSH_PROMISE: u8 = 0x5;
    /// RFC 9113 section 6.7.
    pub const PING: u8 = 0x6;
    /// RFC 9113 section 6.8.
    pub const GOAWAY: u8 = 0x7;
    /// RFC 9113 section 6.9.
    pub const WINDOW_UPDATE: u8 = 0x8;
    /// RFC 9113 section 6.10.
    pub const CONTINUATION: u8 = 0x9;

    /// The names, at the place of their number.
    pub const NAMES: [&str; 10] =
        ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"];

    /// The name of a type.
    pub fn name(kind: u8) -> Option<&'static str> {
        NAMES.get(usize::from(kind)).copied()
    }

    /// The type of a name, or of a number such as `0xfe`.
    pub fn from_name(name: &str) -> Option<u8> {
        match NAMES.iter().position(|known| *known == name) {
            Some(place) => u8::try_from(place).ok(),
            None => name.strip_prefix("0x").and_then(|hex| u8::from_str_radix(hex, 16).ok()),
        }
    }
}

/// Frame flags.
pub mod flag {
    /// On DATA and HEADERS.
    pub const END_STREAM: u8 = 0x1;
    /// On SETTINGS and PING.
    pub const ACK: u8 = 0x1;
    /// On HEADERS and CONTINUATION.
    pub const END_HEADERS: u8 = 0x4;
    /// On DATA and HEADERS.
    pub const PADDED: u8 = 0x8;
    /// On HEADERS.
    pub const PRIORITY: u8 = 0x20;
}

/// Identifiers of SETTINGS parameters, RFC 9113 section 6.5.2.
pub mod setting {
    /// SETTINGS_HEADER_TABLE_SIZE.
    pub const HEADER_TABLE_SIZE: u16 = 0x1;
    /// SETTINGS_ENABLE_PUSH.
    pub const ENABLE_PUSH: u16 = 0x2;
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
    /// SETTINGS_INITIAL_WINDOW_SIZE.
    pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
    /// SETTINGS_MAX_FRAME_SIZE.
    pub const MAX_FRAME_SIZE: u16 = 0x5;
    /// SETTINGS_MAX_HEADER_LIST_SIZE.
    pub const MAX_HEADER_LIST_SIZE: u16 = 0x6;
}

const HEAD: usize = 9;
const STREAM_MASK: u32 = 0x7fff_ffff;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: &[u8]) -> Vec<RawFrame> {
        let mut reader = FrameReader::new(DEFAULT_LIMIT);
        reader.push(bytes);
        std::iter::from_fn(|| reader.next_frame().ok().flatten()).collect()
    }

    const DEFAULT_LIMIT: usize = 1 << 24;

    fn any_frame() -> impl Strategy<Value = Frame> {
        let bytes = proptest::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from);
        prop_oneof![
            (bytes.clone(), any::<bool>()).prop_map(|(data, end_stream)| Frame::Data { flow: data.len(), data, end_stream }),
            (bytes.clone(), any::<bool>(), any::<bool>()).prop_map(|(block, end_headers, end_stream)| Frame::Headers {
                block,
                end_headers,
                end_stream
            }),
            any::<u32>().prop_map(|code| Frame::RstStream(ErrorCode(code))),
            (any::<bool>(), proptest::collection::vec(any::<(u16, u32)>(), 0..5)).prop_map(|(ack, values)| Frame::Settings { ack, values }),
            (any::<bool>(), any::<[u8; 8]>()).prop_map(|(ack, payload)| Frame::Ping { ack, payload }),
            (0..=STREAM_MASK, any::<u32>(), bytes.clone()).prop_map(|(last_stream, error, debug)| Frame::Goaway {
                last_stream,
                error: ErrorCode(error),
                debug
            }),
            (0..=STREAM_MASK).prop_map(Frame::WindowUpdate),
            (bytes, any::<bool>()).prop_map(|(block, end_headers)| Frame::Continuation { block, end_headers }),
        ]
    }

    proptest! {
        #[test]
        fn a_frame_reads_back_as_it_was_built(frame in any_frame(), stream in 0..=STREAM_MASK) {
            let mut bytes = BytesMut::new();
            frame.raw(stream).encode(&mut bytes);
            let read = read_all(&bytes);
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(read[0].stream, stream);
            prop_assert_eq!(Frame::parse(&read[0]), Ok(frame));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            for raw in read_all(&bytes) {
                let _ = Frame::parse(&raw);
            }
        }

        #[test]
        fn cuts_do_not_change_what_is_read(frames in proptest::collection::vec(any_frame(), 1..6), cut in 1usize..40) {
            let mut bytes = BytesMut::new();
            frames.iter().for_each(|frame| frame.raw(1).encode(&mut bytes));
            let mut reader = FrameReader::new(DEFAULT_LIMIT);
            let mut read = Vec::new();
            for piece in bytes.chunks(cut) {
                reader.push(piece);
                while let Ok(Some(raw)) = reader.next_frame() {
                    read.push(raw);
                }
            }
            prop_assert_eq!(read, read_all(&bytes));
        }
    }

    #[test]
    fn padding_above_the_payload_is_malformed() {
        let raw = RawFrame::new(kind::DATA, flag::PADDED, 1, vec![9, 0, 0]);
        assert_eq!(Frame::parse(&raw).unwrap_err().to_string(), "DATA frame on stream 1 has more padding than payload");
    }

    #[test]
    fn a_frame_above_the_limit_is_an_error_at_its_head() {
        let mut reader = FrameReader::new(100);
        reader.push(&[0, 1, 0, 0, 0, 0, 0, 0, 1]);
        assert!(reader.next_frame().unwrap_err().to_string().contains("declares 256 bytes"));
    }
}
