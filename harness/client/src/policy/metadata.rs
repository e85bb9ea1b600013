//! Metadata on its way to the wire and back.

use std::fmt::Debug;

use base64::Engine;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use crate::metadata::{Metadata, Value};
use crate::policy::Standard;
use crate::policy::status::BASE64;

/// Decisions about metadata (PROTOCOL-HTTP2 'Requests', 'Responses').
pub trait MetadataRules: Debug + Send + Sync {
    /// The key as it goes to the wire: lower-case, of `0-9 a-z _ - .`.
    ///
    /// # Errors
    ///
    /// Names the key and what is wrong with it; the call is refused.
    fn key(&self, key: &str) -> Result<String, String> {
        let key = key.to_ascii_lowercase();
        match key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'_' | b'-' | b'.')) {
            true if !key.is_empty() => Ok(key),
            _ => Err(format!("metadata key {key:?} has characters outside 0-9 a-z _ - . or none at all")),
        }
    }

    /// Whether a (lower-case) key belongs to the protocol; the application may not set it and does not see it.
    fn reserved(&self, key: &str) -> bool {
        key.starts_with("grpc-") || key.starts_with(':') || RESERVED.contains(&key)
    }

    /// What happens to an application's reserved key: the call is refused, naming it.
    ///
    /// # Errors
    ///
    /// The refusal. `Ok(true)` sends the field, `Ok(false)` leaves it out.
    fn on_reserved(&self, key: &str) -> Result<bool, String> {
        Err(format!("metadata key {key:?} is reserved for the protocol"))
    }

    /// A value as it goes to the wire.
    ///
    /// # Errors
    ///
    /// Names the key of a value that has no legal form; the call is refused.
    fn value(&self, key: &str, value: &Value) -> Result<HeaderValue, String> {
        if key.ends_with("-bin") {
            return HeaderValue::try_from(self.encode_binary(value.as_bytes())).map_err(|error| error.to_string());
        }
        let bytes = value.as_bytes();
        match bytes.iter().all(|byte| (0x20..=0x7e).contains(byte)) {
            true => HeaderValue::from_bytes(bytes.trim_ascii()).map_err(|error| error.to_string()),
            false => Err(format!("the value of metadata key {key:?} has characters outside printable ASCII")),
        }
    }

    /// The base64 that a binary value becomes: standard, without padding.
    fn encode_binary(&self, value: &[u8]) -> String {
        BASE64.encode(value)
    }

    /// The values of one binary field: split at commas, each with or without padding. `None`: not base64, the field is dropped.
    fn decode_binary(&self, field: &[u8]) -> Option<Vec<Bytes>> {
        field.split(|byte| *byte == b',').map(|part| BASE64.decode(part.trim_ascii()).ok().map(Bytes::from)).collect()
    }

    /// The values of one field that is not binary.
    fn decode_text(&self, field: &[u8]) -> Vec<Value> {
        match std::str::from_utf8(field) {
            Ok(text) => vec![Value::Text(text.to_owned())],
            Err(_) => vec![Value::Bytes(Bytes::copy_from_slice(field))],
        }
    }

    /// The request's custom fields in the order they are sent.
    fn arrange(&self, fields: Vec<(HeaderName, HeaderValue)>) -> Vec<(HeaderName, HeaderValue)> {
        fields
    }

    /// Received entries in the order they are shown.
    fn arrange_received(&self, entries: Metadata) -> Metadata {
        entries
    }

    /// The custom fields that the attempt with this number, from 0, carries.
    fn for_attempt(&self, fields: &[(HeaderName, HeaderValue)], attempt: u32) -> Vec<(HeaderName, HeaderValue)> {
        let _ = attempt;
        fields.to_vec()
    }

    /// What the application sees as trailing metadata.
    fn trailing(&self, initial: &Metadata, trailing: Metadata) -> Metadata {
        let _ = initial;
        trailing
    }

    /// What the application sees as initial metadata, if the response has any.
    fn initial(&self, initial: Metadata) -> Metadata {
        initial
    }

    /// Whether initial metadata is shown as soon as it arrives, not with the first message or the end.
    fn initial_at_once(&self) -> bool {
        true
    }

    /// What the keys of an incoming call's context become beside the application's own metadata: added.
    fn add_context(&self, own: Metadata, context: Metadata) -> Metadata {
        own.into_iter().chain(context).collect()
    }
}

impl MetadataRules for Standard {}

const RESERVED: [&str; 11] = [
    "te",
    "content-type",
    "content-length",
    "user-agent",
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("X-Request-ID", Some("x-request-id"))]
    #[case("a.b_c-9", Some("a.b_c-9"))]
    #[case("", None)]
    #[case("a b", None)]
    #[case("a:b", None)]
    #[case("a/b", None)]
    #[case("ключ", None)]
    #[case("a\r\nb", None)]
    #[case("a!", None)]
    fn keys_are_lower_cased_or_refused(#[case] key: &str, #[case] expected: Option<&str>) {
        assert_eq!(Standard.key(key).ok().as_deref(), expected);
    }

    #[rstest]
    #[case("a\r\nx-injected: 1", None)]
    #[case("a\0b", None)]
    #[case("caf\u{e9}", None)]
    #[case("\u{7f}", None)]
    #[case("", Some(""))]
    #[case(" a  b ", Some("a  b"))]
    #[case("Mon, 01 Jan 2024; x", Some("Mon, 01 Jan 2024; x"))]
    fn text_values_are_printable_or_refused(#[case] value: &str, #[case] expected: Option<&str>) {
        let sent = Standard.value("x-a", &value.into()).ok();
        assert_eq!(sent.as_ref().map(|value| value.to_str().expect("ASCII")), expected);
    }

    #[rstest]
    #[case(b"AQ,Ag==, Aw", Some(vec![&[1_u8][..], &[2], &[3]]))]
    #[case(b"AP8=", Some(vec![&[0, 255][..]]))]
    #[case(b"", Some(vec![&[][..]]))]
    #[case(b"!!", None)]
    #[case(b"AQ=A", None)]
    fn binary_fields_are_split_at_commas(#[case] field: &[u8], #[case] expected: Option<Vec<&[u8]>>) {
        let decoded = Standard.decode_binary(field);
        let decoded: Option<Vec<&[u8]>> = decoded.as_ref().map(|values| values.iter().map(AsRef::as_ref).collect());
        assert_eq!(decoded, expected);
    }
}
