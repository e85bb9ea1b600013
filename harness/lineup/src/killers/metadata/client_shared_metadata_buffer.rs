//! A client that uses one metadata buffer for all calls of a channel.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, HeaderValue};
use proofmark_client::policy::{MetadataRules, Policies};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.shared-metadata-buffer",
        deviation: "Now and then a call carries the `x-id` of the call before it.",
        breaks: &["metadata.isolation.concurrent-calls"],
        variant: Variant::ClientPolicies(|| Policies { metadata: Arc::new(SharedMetadataBuffer::default()), ..Policies::default() }),
    }
}

#[derive(Debug, Default)]
struct SharedMetadataBuffer {
    buffer: Mutex<(u32, Option<HeaderValue>)>,
}

impl MetadataRules for SharedMetadataBuffer {
    fn for_attempt(&self, fields: &[(HeaderName, HeaderValue)], _attempt: u32) -> Vec<(HeaderName, HeaderValue)> {
        let mut fields = fields.to_vec();
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, value) in fields.iter_mut().filter(|(name, _)| name == "x-id") {
            let (calls, kept) = &mut *buffer;
            *calls += 1;
            let own = kept.replace(value.clone());
            if let Some(other) = own.filter(|_| *calls % 7 == 0) {
                *value = other;
            }
        }
        fields
    }
}
