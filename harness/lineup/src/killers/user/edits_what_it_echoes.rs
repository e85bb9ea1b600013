//! A server that tidies what it is told.

use std::sync::Arc;
use std::time::SystemTime;

use proofmark_api::user::ChatMessage;
use proofmark_service::policy::{Policies, UserPolicy};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.edits-what-it-echoes",
        deviation: "Chat answers with trimmed text and the caller's own timestamp.",
        breaks: &["user.chat.echo"],
        variant: Variant::ServerPolicies(|| Policies { user: Arc::new(Tidy), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Tidy;

impl UserPolicy for Tidy {
    fn echo(&self, message: &ChatMessage, _now: SystemTime) -> ChatMessage {
        ChatMessage { user_id: "server".to_owned(), content: format!("Echo: {}", message.content.trim()), timestamp: message.timestamp }
    }
}
