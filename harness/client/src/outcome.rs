//! How a call ended, and how an attempt did.

use bytes::Bytes;
pub use tonic::Code;

use crate::metadata::Metadata;

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The gRPC code.
    pub code: Code,
    /// The message, decoded; of a status made here it says what was seen.
    pub message: String,
    /// A serialised `google.rpc.Status`, where the peer sent one that decodes.
    pub details: Option<Bytes>,
    /// Trailing metadata without the protocol's own fields.
    pub trailers: Metadata,
}

impl Outcome {
    /// An outcome made here, not by the peer.
    pub fn local(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, trailers: Metadata::new() }
    }

    /// Whether the call succeeded.
    pub fn is_ok(&self) -> bool {
        self.code == Code::Ok
    }
}

/// The name of a code as gRPC documents write it (`DEADLINE_EXCEEDED`).
pub fn code_name(code: Code) -> &'static str {
    CODE_NAMES[code as usize]
}

/// The code with this name, whatever its case.
pub fn code_by_name(name: &str) -> Option<Code> {
    let number = CODE_NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    i32::try_from(number).ok().map(Code::from_i32)
}

const CODE_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What the server said about the next retry (`grpc-retry-pushback-ms`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pushback {
    /// Nothing.
    #[default]
    Absent,
    /// Retry after exactly this long.
    Delay(std::time::Duration),
    /// Do not retry: a negative value, or one that does not parse.
    Stop,
}

/// The one table of how an attempt can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndClass {
    /// No connection could be had: the pick failed.
    Unreachable,
    /// It was given to a connection and never became a stream.
    NeverOpened,
    /// Reset with REFUSED_STREAM before any response headers: the peer says that it did nothing.
    Refused,
    /// Its stream id is above the last one of a GOAWAY: the peer says that it did nothing.
    AboveGoaway,
    /// Reset by the peer with this HTTP/2 error code.
    Reset(u32),
    /// The connection went away under it.
    Lost,
    /// The peer ended the response, with or without a status.
    Answered,
    /// This side ended it because of what the peer sent or the application gave (limits, cardinality, framing).
    Local,
    /// The deadline passed here.
    Expired,
    /// The application cancelled it, or closed the channel.
    Cancelled,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    /// Which way.
    pub class: EndClass,
    /// What the caller sees if this is final.
    pub outcome: Outcome,
    /// What the server said about retrying.
    pub pushback: Pushback,
    /// Whether response headers (not trailers-only) had arrived.
    pub headers: bool,
    /// Whether the status came from a `grpc-status` field.
    pub from_peer: bool,
}

impl AttemptEnd {
    /// An end with a status made here.
    pub fn made_here(class: EndClass, code: Code, message: impl Into<String>) -> Self {
        Self { class, outcome: Outcome::local(code, message), pushback: Pushback::Absent, headers: false, from_peer: false }
    }
}
