//! The percent-encoding of `grpc-message` (PROTOCOL-HTTP2, 'Status-Message').

/// Encodes a text: printable ASCII but `%` stays, every other byte becomes `%XX`.
pub fn encode(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b' '..=b'~' if *byte != b'%' => out.push(char::from(*byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Decodes a value. What is no escape stays as it is, as the protocol page asks.
pub fn decode(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        let escape = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                out.push(high << 4 | low);
                rest = &rest[3..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("50% off", "50%25 off")]
    #[case("tab\there", "tab%09here")]
    #[case("ü", "%C3%BC")]
    fn what_is_not_printable_is_escaped(#[case] text: &str, #[case] encoded: &str) {
        assert_eq!(encode(text.as_bytes()), encoded);
    }

    #[rstest]
    #[case("%", "%")]
    #[case("100%zz", "100%zz")]
    #[case("%4", "%4")]
    #[case("%41%", "A%")]
    fn what_is_no_escape_stays(#[case] value: &str, #[case] decoded: &str) {
        assert_eq!(decode(value.as_bytes()), decoded.as_bytes());
    }

    proptest! {
        #[test]
        fn any_bytes_survive(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), bytes);
        }
    }
}
