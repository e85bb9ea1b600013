//! Error codes of HTTP/2 and status codes of gRPC, by number and name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An HTTP/2 error code, RFC 9113 section 7; any number is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// Nothing went wrong.
    pub const NO_ERROR: Self = Self(0x0);
    /// A rule of the protocol was broken.
    pub const PROTOCOL_ERROR: Self = Self(0x1);
    /// The window was overdrawn.
    pub const FLOW_CONTROL_ERROR: Self = Self(0x3);
    /// The stream was not acted on.
    pub const REFUSED_STREAM: Self = Self(0x7);
    /// The stream is no longer wanted.
    pub const CANCEL: Self = Self(0x8);
    /// HPACK state is lost.
    pub const COMPRESSION_ERROR: Self = Self(0x9);
    /// The peer does too much.
    pub const ENHANCE_YOUR_CALM: Self = Self(0xb);
}

const ERRORS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|place| ERRORS.get(place)) {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl FromStr for ErrorCode {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let by_name = ERRORS.iter().position(|name| *name == text).and_then(|place| u32::try_from(place).ok());
        let number = || text.strip_prefix("0x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
        by_name.or_else(number).map(Self).ok_or_else(|| UnknownCode { text: text.to_owned(), known: &ERRORS })
    }
}

/// A gRPC status code; numbers that no code has are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusCode(pub u32);

const STATUSES: [&str; 17] = [
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

impl StatusCode {
    /// The call succeeded.
    pub const OK: Self = Self(0);
    /// The caller gave up.
    pub const CANCELLED: Self = Self(1);
    /// No better code is known.
    pub const UNKNOWN: Self = Self(2);
    /// The deadline passed.
    pub const DEADLINE_EXCEEDED: Self = Self(4);
    /// There is no such method.
    pub const UNIMPLEMENTED: Self = Self(12);
    /// An invariant is broken.
    pub const INTERNAL: Self = Self(13);
    /// The service cannot be reached.
    pub const UNAVAILABLE: Self = Self(14);

    /// The names, at the place of their number.
    pub fn names() -> &'static [&'static str] {
        &STATUSES
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|place| STATUSES.get(place)) {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for StatusCode {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let by_name = STATUSES.iter().position(|name| *name == text).and_then(|place| u32::try_from(place).ok());
        by_name.or_else(|| text.parse().ok()).map(Self).ok_or_else(|| UnknownCode { text: text.to_owned(), known: &STATUSES })
    }
}

/// A name that is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no code; known are {}", known.join(", "))]
pub struct UnknownCode {
    /// What was written.
    pub text: String,
    /// The names there are.
    pub known: &'static [&'static str],
}

macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(ErrorCode);
as_text!(StatusCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_as_printed() {
        for number in 0..40 {
            assert_eq!(ErrorCode(number).to_string().parse(), Ok(ErrorCode(number)));
            assert_eq!(StatusCode(number).to_string().parse(), Ok(StatusCode(number)));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert!("CANCELED".parse::<ErrorCode>().unwrap_err().to_string().contains("CANCEL, COMPRESSION_ERROR"));
    }
}
