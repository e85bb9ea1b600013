//! A client that gives up on a status message that it cannot decode.

use std::sync::Arc;

use proofmark_client::policy::{Policies, Standard, StatusRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.drops-odd-messages",
        deviation: "A status message with a broken escape is shown as empty.",
        breaks: &["status.message.decode-invalid-escape"],
        variant: Variant::ClientPolicies(|| Policies { status: Arc::new(DropsOddMessages), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct DropsOddMessages;

impl StatusRules for DropsOddMessages {
    fn message(&self, value: &[u8]) -> String {
        let mut escapes = value.split(|byte| *byte == b'%').skip(1);
        let whole = escapes.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit));
        let text = Standard.message(value);
        if whole && !text.contains(char::REPLACEMENT_CHARACTER) { text } else { String::new() }
    }
}
