//! Check `details`.

use proofmark_api::rpc::Status;
use proofmark_record::Outcome;
use proofmark_wire::binary;
use prost::Message;

use crate::judge::{Miss, View};
use crate::profile::{covers, detail_json};
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

impl Details {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let calls = view.calls_of(&self.select);
        if calls.is_empty() {
            return vec![Miss::new("a call with status details", "no such call was made")];
        }
        let mut misses = Vec::new();
        for seen in calls {
            let Some((event, outcome)) = seen.ends.first() else {
                misses.push(Miss::new(format!("call {}: status details", seen.call), "the call has not ended"));
                continue;
            };
            let hex = if let Outcome::Status(status) = outcome { status.details.clone() } else { None };
            if let Some(miss) = self.judge_one(hex.as_deref()) {
                misses.push(Miss::new(format!("call {}: {}", seen.call, miss.0), miss.1).at(event));
            }
        }
        misses
    }

    fn judge_one(&self, hex: Option<&str>) -> Option<(String, String)> {
        let observed = || hex.map_or("no details".to_owned(), |hex| format!("hex {hex}"));
        match &self.says {
            DetailsSay::Hex(wanted) => (hex != Some(&wanted.to_string())).then(|| (format!("details are hex {wanted}"), observed())),
            DetailsSay::Message { kind, json } => {
                let status = hex.and_then(binary::from_hex).and_then(|bytes| Status::decode(&bytes[..]).ok());
                let details = status.map(|status| status.details).unwrap_or_default();
                let of_kind: Vec<_> = details.iter().filter(|any| any.type_url.rsplit('/').next() == Some(kind)).collect();
                let fits = |any: &&prost_types::Any| match json {
                    Some(wanted) => detail_json(kind, &any.value).is_some_and(|seen| covers(wanted, &seen)),
                    None => true,
                };
                let wanted = || json.as_ref().map_or(format!("a detail {kind}"), |json| format!("a detail {kind} with {json}"));
                if of_kind.iter().any(fits) {
                    return None;
                }
                let seen = of_kind
                    .iter()
                    .filter_map(|any| detail_json(kind, &any.value))
                    .map(|json| json.to_string())
                    .collect::<Vec<_>>()
                    .join(", ");
                Some((wanted(), if seen.is_empty() { observed() } else { seen }))
            }
        }
    }
}
