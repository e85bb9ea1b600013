//! Check `frames`.

use serde::Deserialize;

use super::{Actor, Selector, selector::check};
use crate::case::{ByteCount, ErrorCode, FrameType, hex::Hex, names::Flags, units};

check! {
    /// How many frames went over the wire.
    pub struct Frames {
        /// Who sent them.
        pub by: Option<Actor>,
        /// Their type.
        #[serde(rename = "type")]
        pub kind: Option<FrameType>,
        /// Only the first or the last of them.
        pub pick: Option<Pick>,
        /// What is true of them.
        #[serde(default, rename = "where")]
        pub matching: FrameWhere,
        select: Selector,
        bound: u64,
    }
}

/// Which of several frames is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What is true of a frame; what is absent may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FrameWhere {
    /// Its stream; 0 is the connection.
    #[serde(deserialize_with = "units::maybe_number")]
    pub stream: Option<u32>,
    /// The length of its payload.
    pub length: Option<ByteCount>,
    /// Its flags, all of them.
    pub flags: Option<Flags>,
    /// Its error code (RST_STREAM, GOAWAY).
    pub error: Option<ErrorCode>,
    /// Its last stream (GOAWAY).
    #[serde(deserialize_with = "units::maybe_number")]
    pub last_stream_id: Option<u32>,
    /// Its increment (WINDOW_UPDATE).
    pub increment: Option<ByteCount>,
    /// Its payload.
    pub payload: Option<Hex>,
}
