//! Metadata: what belongs to the protocol, what to applications, and the values of `-bin` keys.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A field that handlers may neither see nor set.
pub fn is_reserved(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("grpc-") || RESERVED.contains(&name)
}

/// Takes away what is not custom metadata of a request. How often a call was tried before is for handlers to see (gRFC A6).
pub fn hide_protocol_fields(fields: &mut HeaderMap) {
    remove(fields, |name| is_reserved(name) && name != PREVIOUS_ATTEMPTS);
}

/// What a handler may send of the metadata that it set.
pub fn without_reserved(mut fields: HeaderMap) -> HeaderMap {
    remove(&mut fields, is_reserved);
    fields
}

fn remove(fields: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    let names: Vec<_> = fields.keys().filter(|name| unwanted(name)).cloned().collect();
    for name in names {
        fields.remove(name);
    }
}

/// Makes one field a value of binary values that were joined with commas.
pub fn split_joined_binary(fields: &mut HeaderMap) {
    let is_joined = |(name, value): &(&HeaderName, &HeaderValue)| is_binary(name) && value.as_bytes().contains(&b',');
    let Some(_) = fields.iter().find(is_joined) else { return };
    let old = std::mem::take(fields);
    let mut last = None;
    for (name, value) in old {
        let Some(name) = name.or_else(|| last.clone()) else { continue };
        last = Some(name.clone());
        if is_binary(&name) {
            for part in value.as_bytes().split(|&byte| byte == b',') {
                if let Ok(part) = HeaderValue::from_bytes(part.trim_ascii()) {
                    fields.append(name.clone(), part);
                }
            }
        } else {
            fields.append(name, value);
        }
    }
}

/// The key carries bytes.
pub fn is_binary(name: &HeaderName) -> bool {
    name.as_str().ends_with("-bin")
}

/// The bytes of a binary value, padded or not.
pub fn decode(value: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(value).ok()
}

/// The value of bytes, without padding.
pub fn encode(bytes: &[u8]) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(BASE64.encode(bytes))).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The content-type is `application/grpc`, alone or with a subtype or parameter.
pub fn is_grpc_content_type(fields: &HeaderMap) -> bool {
    let Some(value) = fields.get(header::CONTENT_TYPE) else { return false };
    let value = value.as_bytes();
    let Some((start, rest)) = value.split_at_checked(CONTENT_TYPE.len()) else { return false };
    start.eq_ignore_ascii_case(CONTENT_TYPE.as_bytes()) && matches!(rest.first(), None | Some(b'+' | b';'))
}

/// An id of a request or tenant that may go to logs and other services: 1 to 128 visible characters.
pub fn is_usable_id(value: &HeaderValue) -> bool {
    let value = value.as_bytes();
    (1..=MAX_ID).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic)
}

/// The content type of every response.
pub const CONTENT_TYPE: &str = "application/grpc";

/// How many attempts a call had before this one.
const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// Longer ids are replaced.
const MAX_ID: usize = 128;

/// Protocol fields besides all that begin with `grpc-`.
const RESERVED: [&str; 9] =
    ["te", "content-type", "content-length", "host", "connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"];

/// Writes no padding and reads both forms.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("AQ,Ag==,Aw")]
    #[case("AQ, Ag==, Aw")]
    fn joined_binary_values_are_split(#[case] joined: &str) {
        let mut fields = HeaderMap::new();
        fields.append("x-a", "1, 2".parse().unwrap());
        fields.append("x-list-bin", joined.parse().unwrap());
        fields.append("x-a", "3".parse().unwrap());
        split_joined_binary(&mut fields);
        let decoded: Vec<_> = fields.get_all("x-list-bin").iter().map(|value| decode(value.as_bytes()).unwrap()).collect();
        assert_eq!(decoded, [[1], [2], [3]]);
        assert_eq!(fields.get_all("x-a").iter().collect::<Vec<_>>(), ["1, 2", "3"]);
    }

    #[rstest]
    #[case("application/grpc", true)]
    #[case("application/grpc+proto", true)]
    #[case("application/grpc;charset=utf-8", true)]
    #[case("application/grpcx", false)]
    #[case("application/json", false)]
    #[case("text/plain", false)]
    fn content_type_decides(#[case] value: &str, #[case] grpc: bool) {
        let mut fields = HeaderMap::new();
        fields.insert("content-type", value.parse().unwrap());
        assert_eq!(is_grpc_content_type(&fields), grpc);
    }

    #[test]
    fn protocol_fields_are_hidden() {
        let mut fields = HeaderMap::new();
        for name in
            ["te", "grpc-timeout", "grpc-encoding", "grpc-previous-rpc-attempts", "content-type", "x-custom", "user-agent", "authorization"]
        {
            fields.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        hide_protocol_fields(&mut fields);
        let mut left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["authorization", "grpc-previous-rpc-attempts", "user-agent", "x-custom"]);
    }

    #[test]
    fn an_id_that_would_spoil_a_log_is_not_usable() {
        assert!(is_usable_id(&HeaderValue::from_static("r-1")));
        assert!(!is_usable_id(&HeaderValue::from_static("")));
        assert!(!is_usable_id(&HeaderValue::from_static("two words")));
        assert!(!is_usable_id(&HeaderValue::from_str(&"x".repeat(129)).unwrap()));
    }
}
