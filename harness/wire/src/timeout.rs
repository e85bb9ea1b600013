//! The value of `grpc-timeout` (PROTOCOL-HTTP2, 'Timeout'): up to eight digits and one unit letter.

use std::time::Duration;

/// The longest value in the finest unit that holds `duration` without making it longer than eight digits. Rounds down, to at least one nanosecond's text.
pub fn encode(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (unit, size) = UNITS.into_iter().find(|(_, size)| nanos / size <= MAX_VALUE).unwrap_or(UNITS[UNITS.len() - 1]);
    format!("{}{unit}", (nanos / size).min(MAX_VALUE))
}

/// Reads a value.
///
/// # Errors
/// Where it is not one to eight ASCII digits followed by one of `H M S m u n`.
pub fn decode(text: &[u8]) -> Result<Duration, BadTimeout> {
    let bad = || BadTimeout(text.escape_ascii().to_string());
    let (unit, digits) = text.split_last().ok_or_else(bad)?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    let (_, size) = UNITS.into_iter().find(|(letter, _)| *letter as u8 == *unit).ok_or_else(bad)?;
    let value = digits.iter().fold(0u128, |value, digit| value * 10 + u128::from(digit - b'0'));
    let nanos = value * size;
    Ok(Duration::new((nanos / 1_000_000_000) as u64, (nanos % 1_000_000_000) as u32))
}

/// A text that is no timeout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no grpc-timeout: one to eight digits and one of H, M, S, m, u, n")]
pub struct BadTimeout(String);

const UNITS: [(char, u128); 6] =
    [('n', 1), ('u', 1_000), ('m', 1_000_000), ('S', 1_000_000_000), ('M', 60_000_000_000), ('H', 3_600_000_000_000)];

const MAX_VALUE: u128 = 99_999_999;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1H", 3_600_000)]
    #[case("90S", 90_000)]
    #[case("300000u", 300)]
    fn values_decode(#[case] text: &str, #[case] millis: u64) {
        assert_eq!(decode(text.as_bytes()), Ok(Duration::from_millis(millis)));
    }

    #[rstest]
    fn what_the_grammar_forbids_is_refused(#[values("", "S", "123456789S", "1.5S", "-1S", "1s", "1 S", "1ms", "1")] text: &str) {
        assert!(decode(text.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn a_value_never_says_more_than_the_duration(seconds in 0u64..400_000_000, nanos in 0u32..1_000_000_000) {
            let duration = Duration::new(seconds, nanos);
            let text = encode(duration);
            prop_assert!(text.len() <= 9);
            let decoded = decode(text.as_bytes()).unwrap();
            prop_assert!(decoded <= duration);
            prop_assert!(decoded >= duration.mul_f64(0.95).saturating_sub(Duration::from_nanos(1)));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let _ = decode(&bytes);
        }
    }
}
