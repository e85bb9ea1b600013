//! A client that treats metadata like URLs.

use std::sync::Arc;

use http::HeaderValue;
use proofmark_client::Value;
use proofmark_client::policy::{MetadataRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.percent-encodes-values",
        deviation: "Quotes, angle brackets and percent signs in text values are percent-encoded.",
        breaks: &["metadata.ascii.request"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(PercentEncodesValues), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct PercentEncodesValues;

impl MetadataRules for PercentEncodesValues {
    fn value(&self, key: &str, value: &Value) -> Result<HeaderValue, String> {
        let Some(text) = value.as_text().filter(|_| !key.ends_with("-bin")) else { return Standard.value(key, value) };
        let mut encoded = String::new();
        for letter in text.chars() {
            match letter {
                '"' | '<' | '>' | '%' => encoded.push_str(&format!("%{:02X}", u32::from(letter))),
                _ => encoded.push(letter),
            }
        }
        Standard.value(key, &Value::Text(encoded))
    }
}
