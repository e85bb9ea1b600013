//! The value of `grpc-message`: UTF-8 with every byte outside 0x20..0x7E, and the percent sign, as `%` and two upper-case hex digits.

use http::HeaderValue;

/// The text as a header value.
pub fn encode(text: &str) -> HeaderValue {
    let mut value = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            value.push(byte);
        } else {
            value.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
        }
    }
    HeaderValue::from_maybe_shared(bytes::Bytes::from(value)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain text ~", "plain text ~")]
    #[case("100%", "100%25")]
    #[case(
        "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n",
        "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A"
    )]
    #[case("\u{0}\u{7f}", "%00%7F")]
    fn only_printable_ascii_goes_out(#[case] text: &str, #[case] value: &str) {
        assert_eq!(encode(text), value);
    }

    proptest! {
        #[test]
        fn decoding_gives_the_original(text in any::<String>()) {
            let value = encode(&text);
            let mut bytes = value.as_bytes().iter();
            let mut decoded = Vec::new();
            while let Some(&byte) = bytes.next() {
                if byte == b'%' {
                    let hex = [*bytes.next().unwrap(), *bytes.next().unwrap()];
                    decoded.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
                } else {
                    decoded.push(byte);
                }
            }
            prop_assert_eq!(decoded, text.into_bytes());
        }
    }
}
