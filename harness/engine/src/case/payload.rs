//! What messages and header blocks consist of.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{hex::Hex, template::Template, units::ByteCount};

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// Text, put where the profile says that text goes.
    Text(Template),
    /// So many bytes of no meaning.
    Size(ByteCount),
    /// Exactly these bytes.
    Hex(Hex),
    /// Fields, in protobuf's JSON form.
    Json(Value),
}

/// The four keys of a payload, as they may stand among others.
#[derive(Debug, Default)]
pub(crate) struct PayloadKeys {
    pub(crate) text: Option<Template>,
    pub(crate) size: Option<ByteCount>,
    pub(crate) hex: Option<Hex>,
    pub(crate) json: Option<Value>,
}

impl PayloadKeys {
    /// The payload, if one is there.
    pub(crate) fn at_most_one(self) -> Result<Option<Payload>, PayloadError> {
        let mut given =
            [self.text.map(Payload::Text), self.size.map(Payload::Size), self.hex.map(Payload::Hex), self.json.map(Payload::Json)]
                .into_iter()
                .flatten();
        let payload = given.next();
        if given.next().is_some() { Err(PayloadError::Twice) } else { Ok(payload) }
    }
}

/// The bytes of a raw frame: these, or so many zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawBytes {
    /// Exactly these.
    Hex(Hex),
    /// So many zeros.
    Size(ByteCount),
}

impl RawBytes {
    pub(crate) fn from_keys(hex: Option<Hex>, size: Option<ByteCount>) -> Result<Self, PayloadError> {
        match (hex, size) {
            (Some(_), Some(_)) => Err(PayloadError::Twice),
            (None, Some(size)) => Ok(Self::Size(size)),
            (hex, None) => Ok(Self::Hex(hex.unwrap_or_default())),
        }
    }

    /// The bytes themselves.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hex(Hex(bytes)) => bytes.clone(),
            Self::Size(size) => vec![0; size.as_usize()],
        }
    }
}

/// What is wrong with a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Two of the keys that say what is sent.
    #[error("what is sent is said twice: give only one of text, size, hex, json")]
    Twice,
}

/// Metadata or header fields: a list of one-key maps, so that order and repetition count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(pub Vec<(String, Template)>);

impl Fields {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every field in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of one-key maps, like [x-m: a, x-m: b]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(Field(name, value)) = list.next_element()? {
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

struct Field(String, Template);

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with one key, like x-m: a")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        let Some((name, value)) = map.next_entry()? else {
            return Err(de::Error::custom("a field has one key, like x-m: a"));
        };
        if map.next_key::<String>()?.is_some() {
            return Err(de::Error::custom("a field has one key; begin a new list item for the next"));
        }
        Ok(Field(name, value))
    }
}
