//! Names that cases use for numbers of the protocols: status codes, error codes, frame types.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::nearest::unknown_name;

/// Defines an enum of protocol numbers that is read and shown by name.
macro_rules! numbers_by_name {
    (
        $(#[$meta:meta])*
        pub enum $type:ident($what:literal) { $($(#[doc = $doc:literal])+ $variant:ident = $number:literal $name:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[doc = $doc])+ $variant = $number,)+ }

        impl $type {
            /// Every one of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that documents and cases use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The one with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }

            fn unknown(name: &str) -> String {
                unknown_name($what, name, Self::ALL.iter().map(|one| one.name()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

numbers_by_name! {
    /// A gRPC status code (gRPC `statuscodes.md`).
    pub enum StatusCode("status code") {
        /// Success.
        Ok = 0 "OK",
        /// Given up by the caller.
        Cancelled = 1 "CANCELLED",
        /// Anything without a better code.
        Unknown = 2 "UNKNOWN",
        /// The request is wrong in itself.
        InvalidArgument = 3 "INVALID_ARGUMENT",
        /// Time is up.
        DeadlineExceeded = 4 "DEADLINE_EXCEEDED",
        /// It is not there.
        NotFound = 5 "NOT_FOUND",
        /// It is there already.
        AlreadyExists = 6 "ALREADY_EXISTS",
        /// The caller is known and may not.
        PermissionDenied = 7 "PERMISSION_DENIED",
        /// Something is used up, a limit passed.
        ResourceExhausted = 8 "RESOURCE_EXHAUSTED",
        /// Not in this state of the system.
        FailedPrecondition = 9 "FAILED_PRECONDITION",
        /// A conflict with something concurrent.
        Aborted = 10 "ABORTED",
        /// Past the end.
        OutOfRange = 11 "OUT_OF_RANGE",
        /// No such method.
        Unimplemented = 12 "UNIMPLEMENTED",
        /// An invariant is broken.
        Internal = 13 "INTERNAL",
        /// Cannot be reached now.
        Unavailable = 14 "UNAVAILABLE",
        /// Data is lost for good.
        DataLoss = 15 "DATA_LOSS",
        /// The caller is not known.
        Unauthenticated = 16 "UNAUTHENTICATED",
    }
}

impl StatusCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The code with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}

impl<'de> Deserialize<'de> for StatusCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| de::Error::custom(Self::unknown(&name)))
    }
}

numbers_by_name! {
    /// An HTTP/2 error code that has a name (RFC 9113 section 7).
    pub enum NamedErrorCode("error code") {
        /// No error: an orderly end.
        NoError = 0x0 "NO_ERROR",
        /// The peer broke the protocol.
        ProtocolError = 0x1 "PROTOCOL_ERROR",
        /// The sender of it broke.
        InternalError = 0x2 "INTERNAL_ERROR",
        /// More was sent than the window allows.
        FlowControlError = 0x3 "FLOW_CONTROL_ERROR",
        /// SETTINGS was not acknowledged in time.
        SettingsTimeout = 0x4 "SETTINGS_TIMEOUT",
        /// A frame came after the stream's half was closed.
        StreamClosed = 0x5 "STREAM_CLOSED",
        /// A frame of impossible size.
        FrameSizeError = 0x6 "FRAME_SIZE_ERROR",
        /// Nothing was done: it may be tried again.
        RefusedStream = 0x7 "REFUSED_STREAM",
        /// No longer needed.
        Cancel = 0x8 "CANCEL",
        /// The header compression state is broken.
        CompressionError = 0x9 "COMPRESSION_ERROR",
        /// The connection behind CONNECT broke.
        ConnectError = 0xa "CONNECT_ERROR",
        /// The peer does too much.
        EnhanceYourCalm = 0xb "ENHANCE_YOUR_CALM",
        /// The transport is not safe enough.
        InadequateSecurity = 0xc "INADEQUATE_SECURITY",
        /// HTTP/1.1 is demanded.
        Http11Required = 0xd "HTTP_1_1_REQUIRED",
    }
}

/// An HTTP/2 error code, by name, or as `0xff` where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub u32);

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NamedErrorCode::ALL.iter().find(|named| **named as u32 == self.0) {
            Some(named) => write!(f, "{named}"),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl From<NamedErrorCode> for ErrorCode {
    fn from(named: NamedErrorCode) -> Self {
        Self(named as u32)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(named) = NamedErrorCode::from_name(&text) {
            return Ok(named.into());
        }
        hexadecimal(&text).map(Self).ok_or_else(|| de::Error::custom(NamedErrorCode::unknown(&text)))
    }
}

numbers_by_name! {
    /// An HTTP/2 frame type that has a name (RFC 9113 section 6).
    pub enum NamedFrameType("frame type") {
        /// Message bytes.
        Data = 0x0 "DATA",
        /// A header block or its beginning.
        Headers = 0x1 "HEADERS",
        /// Deprecated priorities.
        Priority = 0x2 "PRIORITY",
        /// The abrupt end of a stream.
        RstStream = 0x3 "RST_STREAM",
        /// Settings or their acknowledgement.
        Settings = 0x4 "SETTINGS",
        /// A pushed request.
        PushPromise = 0x5 "PUSH_PROMISE",
        /// A ping or its acknowledgement.
        Ping = 0x6 "PING",
        /// The announced end of a connection.
        Goaway = 0x7 "GOAWAY",
        /// More flow-control window.
        WindowUpdate = 0x8 "WINDOW_UPDATE",
        /// The rest of a header block.
        Continuation = 0x9 "CONTINUATION",
    }
}

/// An HTTP/2 frame type, by name, or as `0xff` where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameType(pub u8);

impl fmt::Display for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NamedFrameType::ALL.iter().find(|named| **named as u8 == self.0) {
            Some(named) => write!(f, "{named}"),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl From<NamedFrameType> for FrameType {
    fn from(named: NamedFrameType) -> Self {
        Self(named as u8)
    }
}

impl<'de> Deserialize<'de> for FrameType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(named) = NamedFrameType::from_name(&text) {
            return Ok(named.into());
        }
        hexadecimal(&text)
            .and_then(|number| u8::try_from(number).ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom(NamedFrameType::unknown(&text)))
    }
}

/// The flags of a frame, written `0x4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Flags(pub u8);

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hexadecimal(&text)
            .and_then(|number| u8::try_from(number).ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("`{text}` are no flags; they are written like 0x4")))
    }
}

fn hexadecimal(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x")?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain { u32::from_str_radix(digits, 16).ok() } else { None }
}
