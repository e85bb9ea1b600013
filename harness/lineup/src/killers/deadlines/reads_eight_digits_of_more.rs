//! A server that looks for a timeout anywhere in the value.

use std::sync::Arc;
use std::time::Duration;

use proofmark_service::grpc::timeout::MalformedTimeout;
use proofmark_service::policy::{DeadlinePolicy, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.reads-eight-digits-of-more",
        deviation: "Of nine digits it reads the last eight.",
        breaks: &["deadline.server.nine-digits-not-truncated"],
        variant: Variant::ServerPolicies(|| Policies { deadline: Arc::new(Unanchored), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unanchored;

impl DeadlinePolicy for Unanchored {
    fn read(&self, values: &[&[u8]]) -> Result<Option<Duration>, MalformedTimeout> {
        let cut: Vec<&[u8]> = values.iter().map(|value| &value[value.len().saturating_sub(9)..]).collect();
        Reference.read(&cut)
    }
}
