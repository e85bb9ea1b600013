//! Values of `-bin` keys (PROTOCOL-HTTP2, 'Custom-Metadata'): base64, padded or not, several joined by commas.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Encodes without padding, as senders should.
pub fn encode(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// Decodes one value, padded or not.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// Splits a field value at its commas and decodes every part; `None` where one of them is no base64.
pub fn decode_list(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    value.split(|byte| *byte == b',').map(|part| decode(part.trim_ascii())).collect()
}

/// Bytes as hex text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of a hex text; `None` where it is none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn padding_may_be_there_or_not(#[values("AQ", "AQ==")] text: &str) {
        assert_eq!(decode(text.as_bytes()), Some(vec![1]));
    }

    #[test]
    fn a_list_is_cut_at_its_commas() {
        assert_eq!(decode_list(b"AQ, Ag==,Aw"), Some(vec![vec![1], vec![2], vec![3]]));
        assert_eq!(decode_list(b"AQ,*"), None);
    }

    proptest! {
        #[test]
        fn bytes_survive_both_codings(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
        }
    }
}
