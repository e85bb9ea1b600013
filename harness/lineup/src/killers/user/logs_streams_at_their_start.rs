//! A server that logs a stream when its response stream is returned.

use std::sync::Arc;

use proofmark_service::policy::{LogPolicy, Policies, Record};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.logs-streams-at-their-start",
        deviation: "The line of a streaming call is written at its start and says OK.",
        breaks: &["user.log.one-line-per-stream-at-end", "user.list.cancel-stops-work", "shutdown.grace.expiry-forces"],
        variant: Variant::ServerPolicies(|| Policies { log: Arc::new(TooSoon), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct TooSoon;

impl LogPolicy for TooSoon {
    fn at_begin(&self, record: Record) -> Vec<Record> {
        if is_stream(&record) { vec![record] } else { Vec::new() }
    }

    fn at_end(&self, record: Record) -> Vec<Record> {
        if is_stream(&record) { Vec::new() } else { vec![record] }
    }
}

fn is_stream(record: &Record) -> bool {
    matches!(
        record.method.as_str(),
        "/user.v1.UserService/ListUsers" | "/user.v1.UserService/BatchCreateUsers" | "/user.v1.UserService/Chat"
    )
}
