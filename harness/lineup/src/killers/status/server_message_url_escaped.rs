//! A server that escapes status messages as some URL libraries do.

use std::sync::Arc;

use http::HeaderValue;
use proofmark_service::policy::{Policies, StatusPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.message-url-escaped",
        deviation: "Escapes in grpc-message have lower-case digits, and the percent sign is left as it is.",
        breaks: &["status.message.encoding", "status.message.special-characters"],
        variant: Variant::ServerPolicies(|| Policies { status: Arc::new(MessageUrlEscaped), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct MessageUrlEscaped;

impl StatusPolicy for MessageUrlEscaped {
    fn message(&self, text: &str) -> HeaderValue {
        let mut value = String::new();
        for byte in text.bytes() {
            match byte {
                b' '..=b'~' => value.push(char::from(byte)),
                _ => value.push_str(&format!("%{byte:02x}")),
            }
        }
        HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}
