//! A client that repairs keys in place of refusing them.

use std::sync::Arc;

use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.repairs-keys",
        deviation: "Characters that a key may not have are sent as a dash.",
        breaks: &["metadata.key.invalid-refused"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(RepairsKeys), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct RepairsKeys;

impl MetadataRules for RepairsKeys {
    fn key(&self, key: &str) -> Result<String, String> {
        let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
        let repaired: String = key.chars().map(|letter| if good(letter) { letter.to_ascii_lowercase() } else { '-' }).collect();
        Ok(if repaired.is_empty() { "-".to_owned() } else { repaired })
    }
}
