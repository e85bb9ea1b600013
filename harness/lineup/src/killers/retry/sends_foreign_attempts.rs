//! A client that lets the application count its attempts.

use std::sync::Arc;

use proofmark_client::policy::{MetadataRules, Policies, Standard};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.sends-foreign-attempts",
        deviation: "`grpc-previous-rpc-attempts` of the application goes out as metadata.",
        breaks: &["retry.attempts-header.absent-on-first-attempt"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(Open), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Open;

impl MetadataRules for Open {
    fn reserved(&self, key: &str) -> bool {
        key != "grpc-previous-rpc-attempts" && Standard.reserved(key)
    }
}
