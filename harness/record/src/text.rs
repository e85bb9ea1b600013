//! Bytes from the wire, kept whole and readable.

use std::fmt;

use proofmark_wire::binary;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that are mostly text. Stored as a string where they are UTF-8, as `hex:...` where they are not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// The text, with what is no UTF-8 replaced.
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The text, where it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// Control characters, quotes and what is no UTF-8 are escaped, so that nothing a system says reaches a terminal raw.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter.is_control() { write!(f, "{}", letter.escape_default())? } else { write!(f, "{letter}")? }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str() {
            Some(text) if !text.starts_with(HEX) => serializer.serialize_str(text),
            _ => serializer.serialize_str(&format!("{HEX}{}", binary::hex(&self.0))),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix(HEX) {
            Some(hex) => binary::from_hex(hex).map(Self).ok_or_else(|| D::Error::custom("`hex:` is not followed by hex digits")),
            None => Ok(Self(text.into_bytes())),
        }
    }
}

const HEX: &str = "hex:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive_storing() {
        for bytes in [&b"plain"[..], b"\xff\x00", b"hex:41", b""] {
            let text = Text::from(bytes);
            let stored = serde_json::to_string(&text).unwrap();
            assert_eq!(serde_json::from_str::<Text>(&stored).unwrap(), text);
        }
    }

    #[test]
    fn escape_sequences_are_shown_not_sent() {
        assert_eq!(Text::from("\x1b[31mred").to_string(), "\\u{1b}[31mred");
    }
}
