//! W3C trace context: a strict parser of `traceparent`, and writing it.

use std::fmt;

/// A place in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace; not zero.
    pub trace: u128,
    /// The span; not zero.
    pub span: u64,
    /// The flags; bit 0 is 'sampled'.
    pub flags: u8,
}

impl TraceParent {
    /// Reads a value. Version 00 has 55 bytes; a later one, except ff, may go on after a dash. Hex digits are lower-case.
    pub fn parse(value: &[u8]) -> Option<Self> {
        if value.len() < LENGTH || value[2] != b'-' || value[35] != b'-' || value[52] != b'-' {
            return None;
        }
        let version = hex(&value[..2])?;
        let further_ok = if version == 0 { value.len() == LENGTH } else { value.len() == LENGTH || value[LENGTH] == b'-' };
        if version == 0xff || !further_ok {
            return None;
        }
        let trace = hex(&value[3..35])?;
        let span = u64::try_from(hex(&value[36..52])?).ok()?;
        let flags = u8::try_from(hex(&value[53..55])?).ok()?;
        (trace != 0 && span != 0).then_some(Self { trace, span, flags })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags & 1)
    }
}

fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

/// The length of version 00.
const LENGTH: usize = 55;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_valid_value_is_read_and_written_back() {
        let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(TraceParent::parse(value.as_bytes()).unwrap().to_string(), value);
    }

    #[rstest]
    #[case("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    #[case("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0")]
    #[case("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")]
    #[case("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01")]
    #[case("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x")]
    #[case("")]
    fn an_invalid_value_is_no_parent(#[case] value: &str) {
        assert_eq!(TraceParent::parse(value.as_bytes()), None);
    }

    #[test]
    fn a_later_version_may_go_on() {
        assert!(TraceParent::parse(b"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(value in prop::collection::vec(any::<u8>(), 0..70)) {
            let _ = TraceParent::parse(&value);
        }

        #[test]
        fn what_is_written_is_read(trace in 1u128.., span in 1u64.., sampled in any::<bool>()) {
            let parent = TraceParent { trace, span, flags: u8::from(sampled) };
            prop_assert_eq!(TraceParent::parse(parent.to_string().as_bytes()), Some(parent));
        }
    }
}
