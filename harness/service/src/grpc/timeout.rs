//! The value of `grpc-timeout`: one to eight digits and a unit, and nothing else.

use std::time::Duration;

/// A value that is no timeout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed grpc-timeout")]
pub struct MalformedTimeout;

/// The one timeout in all values of the header.
pub fn read(values: &[&[u8]]) -> Result<Option<Duration>, MalformedTimeout> {
    match values {
        [] => Ok(None),
        [value] => parse(value).map(Some).ok_or(MalformedTimeout),
        _ => Err(MalformedTimeout),
    }
}

/// One value.
pub fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits.iter().fold(0, |amount, digit| amount * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// The grammar allows no more; a longer value is refused, never shortened.
const MAX_DIGITS: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1H", 3_600_000_000_000)]
    #[case("1M", 60_000_000_000)]
    #[case("1S", 1_000_000_000)]
    #[case("300m", 300_000_000)]
    #[case("300000u", 300_000_000)]
    #[case("99999999n", 99_999_999)]
    #[case("0n", 0)]
    fn a_timeout_is_an_amount_and_a_unit(#[case] value: &str, #[case] nanos: u64) {
        assert_eq!(parse(value.as_bytes()), Some(Duration::from_nanos(nanos)));
    }

    #[rstest]
    #[case("")]
    #[case("S")]
    #[case("5")]
    #[case("5x")]
    #[case("-1S")]
    #[case("+1S")]
    #[case("1.5S")]
    #[case("1 S")]
    #[case("5SS")]
    #[case("0x5S")]
    #[case("\u{0665}S")]
    #[case("100000050m")]
    #[case("900000001n")]
    fn anything_else_is_malformed(#[case] value: &str) {
        assert_eq!(parse(value.as_bytes()), None);
    }

    #[test]
    fn the_largest_value_does_not_overflow() {
        assert_eq!(parse(b"99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
    }

    #[test]
    fn two_headers_are_malformed() {
        assert_eq!(read(&[b"1S", b"1S"]), Err(MalformedTimeout));
        assert_eq!(read(&[]), Ok(None));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(value in prop::collection::vec(any::<u8>(), 0..12)) {
            let _ = parse(&value);
        }

        #[test]
        fn every_legal_value_is_read(amount in 0u64..100_000_000, unit in prop::sample::select(b"HMSmun".to_vec())) {
            let value = format!("{amount}{}", char::from(unit));
            prop_assert!(parse(value.as_bytes()).is_some());
        }
    }
}
