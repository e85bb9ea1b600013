//! Check `details`.

use serde::Deserialize;
use serde_json::Value;

use super::{CheckError, Selector, selector::check};
use crate::case::hex::Hex;

/// The status details of calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Details {
    /// What is looked at.
    pub select: Selector,
    /// What is demanded.
    pub says: DetailsSay,
}

/// What is demanded of status details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetailsSay {
    /// Exactly these bytes.
    Hex(Hex),
    /// One detail of this type.
    Message {
        /// Its full protobuf name.
        kind: String,
        /// Fields that it has at least, in protobuf's JSON form.
        json: Option<Value>,
    },
}

check! {
    /// The keys of the check.
    struct Keys {
        /// [`DetailsSay::Hex`].
        pub hex: Option<Hex>,
        /// [`DetailsSay::Message`].
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// Fields of [`DetailsSay::Message`].
        pub json: Option<Value>,
        select: Selector,
    }
}

impl TryFrom<Keys> for Details {
    type Error = CheckError;

    fn try_from(keys: Keys) -> Result<Self, CheckError> {
        let says = match (keys.hex, keys.kind, keys.json) {
            (Some(hex), None, None) => DetailsSay::Hex(hex),
            (None, Some(kind), json) => DetailsSay::Message { kind, json },
            _ => return Err(CheckError::DetailsSay),
        };
        Ok(Self { select: keys.select, says })
    }
}
