//! HTTP/2 frames, HPACK and gRPC framing, able to build and to read what is illegal. No I/O, no clock.
//!
//! - [`frame`]: [`RawFrame`], what is on the wire; [`Frame`], what it says; [`FrameReader`], bytes in, frames out
//! - [`hpack`]: header blocks, RFC 7541
//! - [`code`]: error codes of HTTP/2 and status codes of gRPC by name
//! - [`grpc`]: the five-byte message prefix
//! - [`timeout`], [`text`], [`binary`]: the values of `grpc-timeout`, `grpc-message` and of `-bin` keys

pub mod binary;
pub mod code;
pub mod frame;
pub mod grpc;
pub mod hpack;
mod huffman;
pub mod text;
pub mod timeout;

pub use code::{ErrorCode, StatusCode};
pub use frame::{Frame, FrameReader, Malformed, RawFrame, flag, kind, setting};
pub use hpack::Field;

/// What a client sends first, RFC 9113 section 3.4.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The flow-control window and frame size that hold until SETTINGS say otherwise.
pub const DEFAULT_WINDOW: u32 = 65_535;

/// The largest frame payload that may be sent until SETTINGS say otherwise.
pub const DEFAULT_MAX_FRAME: usize = 16_384;
