//! Bytes written as hex.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// Bytes that a case writes as hex: `"00ff"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Hex(pub Vec<u8>);

impl Hex {
    /// Reads pairs of hex digits.
    ///
    /// # Errors
    ///
    /// When a digit is none, or the last one has no partner.
    pub fn parse(text: &str) -> Result<Self, HexError> {
        let wrong = || HexError { text: text.to_owned() };
        let digits: Vec<char> = text.chars().collect();
        digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => byte(*high, *low).ok_or_else(wrong),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// A text that is no hex.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no hex: write pairs of the digits 0-9 and a-f, without spaces")]
pub struct HexError {
    text: String,
}

/// Writes bytes as lower-case hex.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn byte(high: char, low: char) -> Option<u8> {
    let (high, low) = (high.to_digit(16)?, low.to_digit(16)?);
    u8::try_from(high * 16 + low).ok()
}
