//! From what the peer sent, or did not send, to a status.

use std::fmt::Debug;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use tonic::Code;

use crate::options::CallKind;
use crate::policy::Standard;

/// How a response can end without a `grpc-status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingStatus {
    /// Trailers came and had none.
    Trailers,
    /// The stream ended on a DATA frame.
    EndOnData,
    /// The response's content-type is not gRPC.
    NotGrpc,
}

/// Decisions about statuses (PROTOCOL-HTTP2 'Errors', http-grpc-status-mapping, statuscodes).
pub trait StatusRules: Debug + Send + Sync {
    /// The code of a `grpc-status` value; what is no number from 0 to 16 is UNKNOWN.
    fn code(&self, value: &[u8]) -> Code {
        let decimal = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok());
        match number.and_then(|number| i32::try_from(number).ok()) {
            Some(number @ 0..=16) if decimal => Code::from_i32(number),
            _ => Code::Unknown,
        }
    }

    /// The code of a response without `grpc-status`, by its HTTP status.
    fn http(&self, status: u16) -> Code {
        match status {
            400 => Code::Internal,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::Unimplemented,
            429 | 502..=504 => Code::Unavailable,
            _ => Code::Unknown,
        }
    }

    /// Whether a `grpc-status` in the last block counts although the HTTP status is not 200.
    fn grpc_status_wins(&self, http_status: u16) -> bool {
        let _ = http_status;
        true
    }

    /// The code of a stream that the peer reset. `headers`: after response headers.
    fn reset(&self, reason: u32, headers: bool) -> Code {
        let _ = headers;
        match reason {
            0x0..=0x4 | 0x6 | 0x9 | 0xa => Code::Internal,
            0x7 => Code::Unavailable,
            0x8 => Code::Cancelled,
            0xb => Code::ResourceExhausted,
            0xc => Code::PermissionDenied,
            _ => Code::Internal,
        }
    }

    /// Whether this reset ends a response as if the peer had ended it with OK.
    fn reset_is_clean(&self, reason: u32, headers: bool) -> bool {
        let _ = (reason, headers);
        false
    }

    /// The code of a connection that went away under an attempt.
    fn lost(&self) -> Code {
        Code::Unavailable
    }

    /// The code of an attempt that found no connection.
    fn unreachable(&self) -> Code {
        Code::Unavailable
    }

    /// The code of a response with HTTP status 200 that ended without a status.
    fn missing(&self, how: MissingStatus) -> Code {
        match how {
            MissingStatus::Trailers | MissingStatus::NotGrpc => Code::Unknown,
            MissingStatus::EndOnData => Code::Internal,
        }
    }

    /// Whether a header block that ends the stream is a complete response.
    fn accepts_trailers_only(&self, kind: CallKind) -> bool {
        let _ = kind;
        true
    }

    /// Whether a `grpc-status` in headers that do not end the stream is the status of the call.
    fn headers_have_status(&self) -> bool {
        false
    }

    /// The code shown after so many messages.
    fn after_messages(&self, code: Code, messages: u32) -> Code {
        let _ = messages;
        code
    }

    /// Whether a content-type is gRPC's: `application/grpc`, with a suffix behind `+` or parameters behind `;`.
    fn is_grpc(&self, content_type: &[u8]) -> bool {
        let Some((head, rest)) = content_type.split_at_checked(GRPC.len()) else {
            return false;
        };
        head.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
    }

    /// Decodes `grpc-message`: every valid `%XX`, a broken one kept as it is, what is no UTF-8 replaced.
    fn message(&self, value: &[u8]) -> String {
        let mut bytes = Vec::with_capacity(value.len());
        let mut rest = value;
        while let Some((&first, tail)) = rest.split_first() {
            match (first, tail) {
                (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(hex(*high) << 4 | hex(*low));
                    rest = after;
                }
                _ => {
                    bytes.push(first);
                    rest = tail;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Decodes `grpc-status-details-bin`, padded or not; what does not decode is no details.
    fn details(&self, value: &[u8]) -> Option<Bytes> {
        BASE64.decode(value).ok().map(Bytes::from)
    }

    /// What is wrong with so many messages of a response that takes exactly one; `ended`: it ended with OK.
    fn cardinality(&self, kind: CallKind, messages: u32, ended: bool) -> Option<(Code, &'static str)> {
        match messages {
            0 if kind.single_response() && ended => Some((Code::Internal, "the response ended with OK and without a message")),
            2.. if kind.single_response() => Some((Code::Internal, "a second message came in a response that has one")),
            _ => None,
        }
    }

    /// The code of a response that ended with OK inside a message.
    fn truncated(&self) -> Code {
        Code::Internal
    }
}

impl StatusRules for Standard {}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

const GRPC: &[u8] = b"application/grpc";

/// Standard base64; padding may be there or not, spare bits in the last character may be set.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"0", Code::Ok)]
    #[case(b"16", Code::Unauthenticated)]
    #[case(b"17", Code::Unknown)]
    #[case(b"4294967301", Code::Unknown)]
    #[case(b"99999999999999999999999", Code::Unknown)]
    #[case(b"", Code::Unknown)]
    #[case(b"-1", Code::Unknown)]
    #[case(b"+5", Code::Unknown)]
    #[case(b"5x", Code::Unknown)]
    fn a_status_is_a_decimal_from_0_to_16(#[case] value: &[u8], #[case] expected: Code) {
        assert_eq!(Standard.code(value), expected);
    }

    #[rstest]
    #[case(b"a%2Fb%23%3f%20%41", "a/b#? A")]
    #[case(b"100%", "100%")]
    #[case(b"%", "%")]
    #[case(b"%4", "%4")]
    #[case(b"%zz", "%zz")]
    #[case(b"%E2%98", "\u{fffd}")]
    #[case(b"%E2%98%BA", "\u{263a}")]
    #[case(b"%ff%fe text", "\u{fffd}\u{fffd} text")]
    fn messages_decode_whatever_they_hold(#[case] value: &[u8], #[case] expected: &str) {
        assert_eq!(Standard.message(value), expected);
    }

    #[rstest]
    #[case(b"application/grpc", true)]
    #[case(b"application/grpc+proto", true)]
    #[case(b"application/grpc;charset=utf-8", true)]
    #[case(b"application/grpcfoo", false)]
    #[case(b"text/html", false)]
    fn grpc_content_types_are_told_from_others(#[case] value: &[u8], #[case] expected: bool) {
        assert_eq!(Standard.is_grpc(value), expected);
    }

    #[rstest]
    #[case(b"AQ", Some(&[1_u8][..]))]
    #[case(b"AQ==", Some(&[1][..]))]
    #[case(b"AQI", Some(&[1, 2][..]))]
    #[case(b"AQI=", Some(&[1, 2][..]))]
    #[case(b"AQID", Some(&[1, 2, 3][..]))]
    #[case(b"!!!!", None)]
    #[case(b"A", None)]
    fn details_decode_padded_and_unpadded(#[case] value: &[u8], #[case] expected: Option<&[u8]>) {
        assert_eq!(Standard.details(value).as_deref(), expected);
    }
}
