//! A server that uses one metadata buffer for all its calls.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue};
use proofmark_service::policy::{MetadataPolicy, Part, Policies, Reference};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.shared-metadata-buffer",
        deviation: "Now and then a response carries the `x-id` of the response before it.",
        breaks: &["metadata.isolation.concurrent-calls"],
        variant: Variant::ServerPolicies(|| Policies { metadata: Arc::new(SharedMetadataBuffer::default()), ..Policies::default() }),
    }
}

#[derive(Debug, Default)]
struct SharedMetadataBuffer {
    buffer: Mutex<(u32, Option<HeaderValue>)>,
}

impl MetadataPolicy for SharedMetadataBuffer {
    fn sent(&self, part: Part, mut own: HeaderMap) -> HeaderMap {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = own.get_mut("x-id") {
            let (responses, kept) = &mut *buffer;
            *responses += 1;
            let before = kept.replace(value.clone());
            if let Some(other) = before.filter(|_| *responses % 7 == 0) {
                *value = other;
            }
        }
        Reference.sent(part, own)
    }
}
